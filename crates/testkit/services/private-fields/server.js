"use strict";
var __classPrivateFieldGet = (this && this.__classPrivateFieldGet) || function (receiver, state, kind, f) {
    if (kind === "a" && !f) throw new TypeError("Private accessor was defined without a getter");
    if (typeof state === "function" ? receiver !== state || !f : !state.has(receiver)) throw new TypeError("Cannot read private member from an object whose class did not declare it");
    return kind === "m" ? f : kind === "a" ? f.call(receiver) : f ? f.value : state.get(receiver);
};
var _Journal_visits;
Object.defineProperty(exports, "__esModule", { value: true });
// Private fields, compiled for a target that has none: their values are in a WeakMap.
const http = require("http");
class Visit {
    constructor(url, at) {
        this.url = url;
        this.at = at;
    }
}
class Journal {
    constructor() {
        _Journal_visits.set(this, []);
    }
    note(url) {
        __classPrivateFieldGet(this, _Journal_visits, "f").push(new Visit(url, Date.now()));
        return __classPrivateFieldGet(this, _Journal_visits, "f").length;
    }
}
_Journal_visits = new WeakMap();
const journal = new Journal();
http.createServer((req, res) => {
    res.end(String(journal.note(req.url ?? '/')));
}).listen(Number(process.env.PORT || 8080), '127.0.0.1');
//# sourceMappingURL=server.js.map