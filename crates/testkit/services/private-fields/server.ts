// Private fields, compiled for a target that has none: their values are in a WeakMap.
import * as http from 'http';

class Visit {
  constructor(readonly url: string, readonly at: number) {}
}

class Journal {
  #visits: Visit[] = [];

  note(url: string): number {
    this.#visits.push(new Visit(url, Date.now()));
    return this.#visits.length;
  }
}

const journal = new Journal();

http.createServer((req, res) => {
  res.end(String(journal.note(req.url ?? '/')));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
