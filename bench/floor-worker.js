import { DurableObject } from "cloudflare:workers";

// The cheapest durable, queryable write on this runtime: one new object, one record, one D1 batch after the response.
// The difference to Gate is Gate's own cost.
const RECORD = "x".repeat(1500);
const ROWS = JSON.stringify(["a", "b", "c"].map((name) => name.repeat(400)));

export class FloorObject extends DurableObject {
  async write() {
    this.ctx.storage.kv.put("record", RECORD);
    const { DB } = this.env;
    this.ctx.waitUntil(
      DB.batch([
        DB.prepare("INSERT INTO entries (id, body) SELECT ?1 || key, value FROM json_each(?2)").bind(
          crypto.randomUUID(),
          ROWS,
        ),
        DB.prepare("INSERT INTO records (id, body) VALUES (?1, ?2)").bind(
          crypto.randomUUID(),
          RECORD.slice(0, 300),
        ),
      ]),
    );
    return "written";
  }
}

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/setup") {
      await env.DB.exec("CREATE TABLE entries (id TEXT PRIMARY KEY, body TEXT) STRICT");
      await env.DB.exec("CREATE TABLE records (id TEXT PRIMARY KEY, body TEXT) STRICT");
      return new Response("ready");
    }
    // Reads the body, as any API does.
    await request.text();
    const stub = env.FLOOR.get(env.FLOOR.newUniqueId());
    return new Response(await stub.write());
  },
};
