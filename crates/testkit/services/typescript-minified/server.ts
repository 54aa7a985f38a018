// A store of visits, compiled and minified: `esbuild server.ts --minify --sourcemap`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

class Visit {
  constructor(readonly url: string, readonly at: Date) {}
}

class VisitStore {
  private readonly byVisitor = new Map<string, Visit>();

  add(visitor: string, visit: Visit): void {
    this.byVisitor.set(visitor, visit);
  }

  get size(): number {
    return this.byVisitor.size;
  }
}

const store = new VisitStore();
let visitor = 0;

createServer((request: IncomingMessage, response: ServerResponse) => {
  visitor += 1;
  store.add(`visitor-${visitor}`, new Visit(request.url ?? '/', new Date()));
  response.end(`visit ${store.size}`);
}).listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
