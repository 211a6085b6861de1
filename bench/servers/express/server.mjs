// The same answer from Node.js with Express: it asks the upstream at every
// request, as the first versions of this API did.

import express from "express";

const { PORT, IPIFY_ORIGIN, IPIFY_API_KEY } = process.env;
const app = express();

app.get("/json", async (request, response) => {
  const query = new URLSearchParams({
    apiKey: IPIFY_API_KEY,
    ipAddress: request.get("x-forwarded-for"),
  });
  const answer = await fetch(`${IPIFY_ORIGIN}/api/v2/country,city?${query}`);
  response.json(await answer.json());
});

app.listen(PORT, "127.0.0.1");
