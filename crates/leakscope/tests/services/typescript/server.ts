// A small web service in TypeScript that forgets no visitor; the tests bundle and minify it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { remember, forgetAll } from "./visitors";

interface Answer {
  greeting: string;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const visitor = remember(request.url ?? "/", Date.now());
  const body: Answer = { greeting: `hello, number ${visitor.number}` };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}

process.on("SIGUSR2", forgetAll);
createServer(answer).listen(Number(process.env.PORT), "127.0.0.1");
