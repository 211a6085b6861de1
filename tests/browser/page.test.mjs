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
  "the edge of the map": { answer: { ...ZURICH, location: { country: "FJ", city: "Suva", lat: -18.14, lng: 178.44 } } },
  "another address": { path: "/9.9.9.9" },
  "a wrong address": { path: "/?ip=elbonia" },
  "a problem": { status: 403 },
  "a path that is not there": { path: "/elbonia" },
};

for (const component of ["geo.wasm", "geo-plain.wasm"]) {
  describe(component, () => {
    let geo;
    before(async () => { geo = await Geo.start(component, "any"); });
    after(() => geo?.stop());

    test("shows what ipify knows", async () => {
      const page = await geo.open();
      assert.equal(await page.title(), "9.9.9.9, Zürich, Switzerland");
      assert.equal(await page.$eval("h1", (h1) => h1.textContent), "9.9.9.9");
      const terms = await page.$$eval("dt", (all) => all.map((dt) =>
        `${dt.textContent}: ${dt.nextElementSibling.textContent}`));
      assert.deepEqual(terms, [
        "Country: Switzerland, CH",
        "ISP: Quad9",
        "Network: Quad9, AS19281, 9.9.9.0/24",
        "Coordinates: 47.36667,8.55",
        "Postal code: 8001",
        "Time zone: +01:00",
      ]);
      assert.equal(await page.$eval("header p", (place) => place.textContent), "Zürich, Switzerland 🇨🇭");
      const host = new URL(geo.url).host;
      assert.equal(await page.$eval("code", (code) => code.textContent), `curl http://${host}/json`);
      await page.close();
    });

    test("shows the type of the network and what the third tier of ipify adds", async () => {
      const as = { ...ZURICH.as, type: "Content" };
      const page = await geo.open({ answer: { ...ZURICH, as, proxy: { proxy: false, vpn: true, tor: false } } });
      const terms = await page.$$eval("dt", (all) => all.map((dt) =>
        `${dt.textContent}: ${dt.nextElementSibling.textContent}`));
      for (const term of ["Network type: Content", "Proxy: no", "VPN: yes", "Tor exit: no"]) {
        assert.ok(terms.includes(term), `${term} is not in ${terms}`);
      }
      await page.close();
    });

    test("puts the pin and the frame where the coordinates say", async () => {
      for (const [lat, lng] of [[47.36667, 8.55], [-27.46794, 153.02809], [64.1, -21.9], [0, 0.5], [-0.5, 0], [-18.14, -179.9], [89, 10]]) {
        const answer = { ...ZURICH, location: { ...ZURICH.location, lat, lng } };
        const page = await geo.open({ answer });
        const { maps, pin, frame, view } = await page.evaluate(() => {
          const box = (element) => element.getBoundingClientRect().toJSON();
          const [region, world] = document.querySelectorAll("svg");
          const { x, y, width, height } = region.viewBox.baseVal;
          return {
            maps: [box(region), box(world)],
            pin: box(document.querySelector("circle")),
            frame: box(document.querySelector("#frame")),
            view: { x, y, width, height },
          };
        });
        const [region, world] = maps;
        const x = region.x + ((lng - view.x) / view.width) * region.width;
        const y = region.y + ((-lat - view.y) / view.height) * region.height;
        assert.ok(Math.abs(pin.x + pin.width / 2 - x) < 1, `x for ${lng}`);
        assert.ok(Math.abs(pin.y + pin.height / 2 - y) < 1, `y for ${lat}`);
        // The region is around the pin, but for the poles.
        assert.ok(Math.abs(x - region.x - region.width / 2) < region.width / 50, `the middle for ${lng}`);
        assert.ok(y > region.y && y < region.y + region.height, `inside for ${lat}`);
        // The frame is that of the region, on the world.
        const left = world.x + ((view.x + 180) / 360) * world.width;
        const top = world.y + ((view.y + 90) / 180) * world.height;
        assert.ok(Math.abs(frame.x - left) < 2 && Math.abs(frame.y - top) < 2, `frame for ${lat}, ${lng}`);
        await page.close();
      }
    });

    test("goes on beyond the edge of the map", async () => {
      const answer = { ...ZURICH, location: { lat: 65, lng: 178 } };
      const page = await geo.open({ answer });
      // Alaska, as seen from Chukotka.
      const isLand = await page.evaluate(() => {
        const region = document.querySelector("svg");
        const point = new DOMPoint(178 + 30, -65).matrixTransform(region.getScreenCTM());
        return document.elementFromPoint(point.x, point.y).closest("use") !== null;
      });
      assert.ok(isLand);
      await page.close();
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

    test("asks about another address, by keyboard", async () => {
      const page = await geo.open();
      const ask = async (address) => {
        await page.keyboard.press("Tab");
        const label = await page.evaluate(() => document.activeElement.labels[0].textContent);
        assert.equal(label, "Another address");
        // What is there is selected.
        await page.keyboard.type(address);
        await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
        assert.equal(await page.$eval("input", (input) => input.value), address);
      };
      await ask("9.9.9.9");
      assert.equal(page.url(), `${geo.url}/?ip=9.9.9.9`);
      assert.equal(await page.$eval("h1", (h1) => h1.textContent), "9.9.9.9");
      const host = new URL(geo.url).host;
      assert.equal(await page.$eval("code", (code) => code.textContent), `curl http://${host}/9.9.9.9/json`);

      await ask("elbonia");
      assert.equal(await page.$eval("h1", (h1) => h1.textContent), "Not a valid IP address");
      const description = await page.$eval("input", (input) =>
        document.getElementById(input.getAttribute("aria-describedby")).textContent);
      assert.match(description, /Examples: 8\.8\.8\.8/);

      await ask("2620:fe::fe");
      assert.equal(page.url(), `${geo.url}/?ip=2620%3Afe%3A%3Afe`);
      await page.goBack();
      const [back] = await page.$$("main a");
      await Promise.all([page.waitForNavigation(), back.press("Enter")]);
      assert.equal(page.url(), `${geo.url}/`);
      const complaints = page.seen.complaints.filter((text) => !/status of 400/.test(text));
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test("sends the form nowhere else", async () => {
      const page = await geo.open();
      const blocked = await page.evaluate(() => new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
        const form = document.querySelector("form");
        form.action = "https://elbonia.example/";
        form.submit();
      }));
      assert.equal(blocked, "form-action");
      await page.close();
    });

    test("is light and without the form on paper", async () => {
      const page = await geo.open({ dark: true });
      await page.emulateMediaType("print");
      const [back, form] = await page.evaluate(() => [
        getComputedStyle(document.body).backgroundColor,
        getComputedStyle(document.querySelector("form")).display,
      ]);
      assert.equal(back, "rgb(255, 255, 255)");
      assert.equal(form, "none");
      await page.close();
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

      test(`${name}: fits a phone, also at 200 %, and a laptop at 400 %`, async () => {
        for (const width of [1024, 360, 320, 180]) {
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
