// Answers questions with Twilio's official library, one JSON object a line on standard input, one
// answer a line on standard output:
//   {"ask":"signature","token","url","params"}             -> {"signature"}
//   {"ask":"validate","token","signature","url","params"}  -> {"valid"}
//   {"ask":"send","base","sid","token","message":{...}}    -> {"sid","status"} or {"error":{"status","code"}}
import { createInterface } from "node:readline";
import twilio from "twilio";

/** The library's HTTP client with every request turned to the simulator. */
class redirected extends twilio.RequestClient {
  constructor(base) {
    super();
    this.base = base;
  }
  request(options) {
    const path = new URL(options.uri).pathname;
    return super.request({ ...options, uri: this.base + path });
  }
}

async function send({ base, sid, token, message }) {
  const client = twilio(sid, token, { httpClient: new redirected(base) });
  try {
    const made = await client.messages.create(message);
    return { sid: made.sid, status: made.status };
  } catch (e) {
    return { error: { status: e.status, code: e.code } };
  }
}

async function answer(q) {
  if (q.ask === "signature")
    return { signature: twilio.getExpectedTwilioSignature(q.token, q.url, q.params) };
  if (q.ask === "validate")
    return { valid: twilio.validateRequest(q.token, q.signature, q.url, q.params) };
  if (q.ask === "send")
    return await send(q);
  return { error: "unknown question" };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
