// A running geo with an ipify that answers what a test wants, and a browser.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const root = fileURLToPath(new URL("../..", import.meta.url));

export const ZURICH = {
  ip: "9.9.9.9",
  location: {
    country: "CH", region: "Zürich", city: "Zürich", lat: 47.36667, lng: 8.55,
    postalCode: "8001", timezone: "+01:00", geonameId: 2657896,
  },
  as: { asn: 19281, name: "Quad9", route: "9.9.9.0/24", domain: "https://quad9.net" },
  isp: "Quad9",
};

export class Geo {
  /** What ipify answers. */
  answer = ZURICH;
  /** With what status. */
  status = 200;

  /** `lookup` is the variable: whose address may be asked about. */
  static async start(component, lookup = "caller") {
    const geo = new Geo();
    try {
      await geo.#start(component, lookup);
    } catch (error) {
      // What runs already would keep the tests from ending.
      await geo.stop();
      throw error;
    }
    return geo;
  }

  async #start(component, lookup) {
    this.ipify = createServer((_, response) => {
      response.writeHead(this.status, { "content-type": "application/json" });
      response.end(JSON.stringify(this.answer));
    });
    this.ipify.listen(0, "127.0.0.1");
    await once(this.ipify, "listening");
    this.host = spawn(
      process.env.GEO_HOST ?? "target/debug/geo-host",
      ["--component", component, "--listen", "127.0.0.1:0"],
      {
        cwd: root,
        stdio: ["ignore", "pipe", "ignore"],
        env: {
          ...process.env,
          SPIN_VARIABLE_IPIFY_ORIGIN: `http://127.0.0.1:${this.ipify.address().port}`,
          SPIN_VARIABLE_IPIFY_API_KEY: "at_key",
          SPIN_VARIABLE_CACHE_TTL: "0",
          SPIN_VARIABLE_LOOKUP: lookup,
        },
      },
    );
    const ended = once(this.host, "exit").then(([code]) => {
      throw new Error(`geo-host ended with ${code} before it served`);
    });
    const [line] = await Promise.race([once(createInterface(this.host.stdout), "line"), ended]);
    ended.catch(() => {}); // When it is stopped.
    this.url = line.slice("geo is at ".length);
    this.browser = await puppeteer.launch({
      executablePath: process.env.CHROMIUM,
      // The sandbox needs more rights than a container's root may have.
      args: ["--no-sandbox"],
    });
  }

  /** Opens the page, and notes all that it asks for and complains of. */
  async open({ answer = ZURICH, status = 200, path = "/", width = 1024, dark = false } = {}) {
    Object.assign(this, { answer, status });
    const page = await this.browser.newPage();
    page.seen = { requests: [], complaints: [] };
    page.on("request", (request) => page.seen.requests.push(request.url()));
    page.on("console", (message) => page.seen.complaints.push(message.text()));
    page.on("pageerror", (error) => page.seen.complaints.push(error.message));
    await page.setViewport({ width, height: 800 });
    const value = dark ? "dark" : "light";
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    await page.goto(this.url + path);
    return page;
  }

  async stop() {
    await this.browser?.close();
    this.host?.kill("SIGINT");
    this.ipify?.close();
  }
}
