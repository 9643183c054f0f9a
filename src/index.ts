export { IntentObject } from "../durable-objects/intent.ts";
export default { async fetch() { return new Response("ok"); } };
