// The page, as a browser shows it: of both builds.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import axe from "axe-core";
import { Geo, ZURICH } from "./geo.mjs";

const LONG = "Bornyasherk".repeat(900);
const HOSTILE = `"><script>document.title = "owned"</script><img src=x onerror="document.title='owned'">`;

/** Pages that must be as good as the first. */
const PAGES = {
  "an answer": {},
  "an answer without values": { answer: { ip: "2001:4860:4860:1234:5678:9abc:def0:8888" } },
  "an answer in Arabic": {
    answer: { ...ZURICH, isp: "اتصالات", location: { ...ZURICH.location, city: "القاهرة", region: "" } },
  },
  "very long names": {
    answer: { ...ZURICH, isp: LONG, as: { asn: 1, name: LONG }, location: { ...ZURICH.location, city: LONG } },
  },
  "hostile names": {
    answer: { ...ZURICH, isp: HOSTILE, location: { ...ZURICH.location, city: HOSTILE, country: HOSTILE } },
  },
  "a problem": { status: 403 },
  "a path that is not there": { path: "/elbonia" },
};

for (const component of ["geo.wasm", "geo-plain.wasm"]) {
  describe(component, () => {
    let geo;
    before(async () => { geo = await Geo.start(component); });
    after(() => geo?.stop());

    test("shows what ipify knows", async () => {
      const page = await geo.open();
      assert.equal(await page.title(), "9.9.9.9, Zürich, Zürich, CH");
      assert.equal(await page.$eval("h1", (h1) => h1.textContent), "9.9.9.9");
      const terms = await page.$$eval("dt", (all) => all.map((dt) =>
        `${dt.textContent}: ${dt.nextElementSibling.textContent}`));
      assert.deepEqual(terms, [
        "ISP: Quad9",
        "Network: Quad9, AS19281",
        "Coordinates: 47.36667,8.55 on OpenStreetMap",
        "Postal code: 8001",
        "Time zone: +01:00",
      ]);
      const host = new URL(geo.url).host;
      assert.equal(await page.$eval("code", (code) => code.textContent), `curl http://${host}/json`);
      await page.close();
    });

    test("puts the pin where the coordinates say", async () => {
      for (const [lat, lng] of [[47.36667, 8.55], [-27.46794, 153.02809], [64.1, -21.9], [0, 0]]) {
        const answer = { ...ZURICH, location: { ...ZURICH.location, lat, lng } };
        const page = await geo.open({ answer });
        const { map, pin } = await page.evaluate(() => {
          const box = (selector) => document.querySelector(selector).getBoundingClientRect().toJSON();
          return { map: box("svg"), pin: box("svg circle") };
        });
        const x = map.x + ((lng + 180) / 360) * map.width;
        const y = map.y + ((90 - lat) / 180) * map.height;
        assert.ok(Math.abs(pin.x + pin.width / 2 - x) < 1, `x for ${lng}`);
        assert.ok(Math.abs(pin.y + pin.height / 2 - y) < 1, `y for ${lat}`);
        await page.close();
      }
    });

    test("has land where land is", async () => {
      const page = await geo.open();
      for (const [place, lat, lng, expected] of [
        ["Zürich", 47.4, 8.5, true],
        ["Brasília", -15.8, -47.9, true],
        ["Alice Springs", -23.7, 133.9, true],
        ["Yakutsk", 62, 129.7, true],
        ["Chukotka, beyond 180 degrees", 67, -176, true],
        ["the South Pole", -89, 0, true],
        ["the Norwegian Sea", 70, -5, false],
        ["the North Pole", 89, 0, false],
        ["Null Island", 0, 0, false],
        ["Point Nemo", -48.9, -123.4, false],
      ]) {
        const isLand = await page.$eval("svg path", (path, x, y) =>
          path.isPointInFill(new DOMPoint(x, y)), lng, -lat);
        assert.equal(isLand, expected, place);
      }
      await page.close();
    });

    test("has its style, and runs no script", async () => {
      for (const [dark, color] of [[false, "rgb(255, 255, 255)"], [true, "rgb(17, 24, 31)"]]) {
        const page = await geo.open({ dark });
        const back = await page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
        assert.equal(back, color);
        const blocked = await page.evaluate(() => new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.head.append(script);
        }));
        assert.equal(blocked, "script-src-elem");
        assert.notEqual(await page.title(), "owned");
        await page.close();
      }
    });

    for (const [name, options] of Object.entries(PAGES)) {
      test(`${name}: asks for nothing else, and nothing to complain of`, async () => {
        const page = await geo.open(options);
        const url = new URL(options.path ?? "/", geo.url).href;
        // The empty icon is no request to anybody.
        const requests = page.seen.requests.filter((request) => !request.startsWith("data:"));
        assert.deepEqual(requests, [url]);
        const failed = (options.status ?? 200) !== 200 || options.path;
        // A browser notes on its own that the page's status is an error.
        const complaints = page.seen.complaints.filter((text) => !(failed && /status of [45]\d\d/.test(text)));
        assert.deepEqual(complaints, []);
        assert.notEqual(await page.title(), "owned");
        assert.equal(await page.$("main script, main img"), null);
        await page.close();
      });

      test(`${name}: fits a phone, also at 200 %`, async () => {
        for (const width of [1024, 360, 180]) {
          const page = await geo.open({ ...options, width });
          const [inner, scroll] = await page.evaluate(() =>
            [document.documentElement.clientWidth, document.documentElement.scrollWidth]);
          assert.ok(scroll <= inner, `${scroll} pixels on ${inner}`);
          await page.close();
        }
      });

      test(`${name}: is accessible`, async () => {
        for (const dark of [false, true]) {
          const page = await geo.open({ ...options, dark });
          await page.evaluate(axe.source);
          const { violations } = await page.evaluate(() => window.axe.run());
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((n) => n.html.slice(0, 120))]), []);
          await page.close();
        }
      });
    }
  });
}
