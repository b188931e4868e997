// Posts events with the official CloudEvents library: `node cloudevents.mjs <url> <key> <mode>`, mode one of
// structured, binary. Prints one JSON object: {"status", "body"}.
import { CloudEvent, HTTP } from "cloudevents";

const [url, key, mode] = process.argv.slice(2);
const event = new CloudEvent({
  id: "sdk-1",
  source: "/clinic/north",
  type: "appointment.created",
  subject: "p-1",
  time: "2026-11-23T09:00:00.000Z",
  clinicid: "north",
  data: { patientId: "p-1", name: "Zoë" },
});
const message = mode === "binary" ? HTTP.binary(event) : HTTP.structured(event);
const answer = await fetch(url, {
  method: "POST",
  headers: { ...message.headers, authorization: `Bearer ${key}` },
  body: message.body,
});
process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.json() }) + "\n");
