// An HTTPS server that speaks HTTP/2 and HTTP/1.1 (node's own). Arguments: key file, certificate file.
// First line out: {"port"}. Then questions on standard input, one JSON object a line:
//   {"ask":"behave","as":"answer"|"destroy"|"hang"|"goaway"} -> {}
//   {"ask":"seen"} -> {"requests":[{"version","body"}],"sessions"}
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import { createInterface } from "node:readline";

let behaviour = "answer";
let sessions = 0;
const requests = [];

const server = createSecureServer({
  allowHTTP1: true,
  key: readFileSync(process.argv[2]),
  cert: readFileSync(process.argv[3]),
});
server.on("secureConnection", () => ++sessions);
server.on("request", (request, response) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("error", () => {});
  request.on("end", () => {
    requests.push({ version: request.httpVersion, body });
    if (behaviour === "answer") {
      response.setHeader("Retry-After", "3");
      response.end("ok");
    } else if (behaviour === "destroy") {
      request.socket.destroy();
    } else if (behaviour === "goaway") {
      request.stream.session.goaway(0);
      request.stream.session.destroy();
    }
  });
});
server.on("error", () => {});
server.on("sessionError", () => {});

const say = (x) => process.stdout.write(JSON.stringify(x) + "\n");
server.listen(0, "127.0.0.1", () => say({ port: server.address().port }));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const q = JSON.parse(line);
    if (q.ask === "behave") {
      behaviour = q.as;
      say({});
    } else {
      say({ requests, sessions });
    }
  })
  .on("close", () => process.exit(0));
