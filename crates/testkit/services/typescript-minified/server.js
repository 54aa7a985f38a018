var a=require("node:http"),r=class{constructor(e,i){this.url=e;this.at=i}url;at},t=class{byVisitor=new Map;add(e,i){this.byVisitor.set(e,i)}get size(){return this.byVisitor.size}},n=new t,o=0;(0,a.createServer)((s,e)=>{o+=1,n.add(`visitor-${o}`,new r(s.url??"/",new Date)),e.end(`visit ${n.size}`)}).listen(Number(process.env.PORT??8080),"127.0.0.1");
//# sourceMappingURL=server.js.map
