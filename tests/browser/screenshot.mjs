// Makes the README's picture: node screenshot.mjs ../../docs/page.png
import { Geo } from "./geo.mjs";

const geo = await Geo.start("geo.wasm");
try {
  const page = await geo.open({ width: 480 });
  await page.screenshot({ path: process.argv[2], fullPage: true });
} finally {
  await geo.stop();
}
