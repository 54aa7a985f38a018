// A service as many are: reads a body of JSON, makes an answer of some kilobytes, keeps nothing.
const http = require("node:http");

const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const { items } = JSON.parse(body);
    const lines = items.map((item, i) => ({ ...item, line: i, label: `${item.name} (${item.price})` }));
    const total = lines.reduce((sum, line) => sum + line.price, 0);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ lines, total }));
  });
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
