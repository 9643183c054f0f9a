import { expect, test } from "vitest";
import { bodyChoosesOperation } from "../../../../src/core/outbound/read-body.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const PARTS = "multipart/form-data; boundary=b";

test.for<readonly [type: string | null, body: string]>([
  [FORM, "_method=DELETE"],
  [FORM, "a=1&+_method=DELETE"],
  [FORM, "a=1;_method=DELETE"],
  [FORM, "%5Fmethod=DELETE"],
  [FORM, "Action=DeleteUser"],
  [FORM, "method=delete"],
  [FORM, "batch=[]"],
  [FORM, "query=mutation{a}"],
  ["application/x-www-form-urlencoded; charset=UTF-8", "_method=DELETE"],
  ["application/x-www-form-urlencoded; charset=ibm037", "a=1"],
  ["application/x-www-form-urlencoded; charset*=utf-8''ibm037", "a=1"],
  [null, "_method=DELETE"],
  [null, '{"_method":"DELETE"}'],
  [PARTS, '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--'],
  [PARTS, "--b\r\nContent-Disposition: form-data; name=_method\r\n\r\nDELETE\r\n--b--"],
  [PARTS, "--b\r\nContent-Disposition: form-data; name*=UTF-8''_method\r\n\r\nDELETE\r\n--b--"],
  [PARTS, '--b\r\nContent-Disposition: form-data; name="method"\r\n\r\nDELETE\r\n--b--'],
  [JSON_TYPE, '{"_method":"DELETE"}'],
  [JSON_TYPE, '{"_\\u006dethod":"DELETE"}'],
  [JSON_TYPE, '{"jsonrpc":"2.0","method":"drop"}'],
  [JSON_TYPE, '[{"jsonrpc":"2.0","method":"read"}]'],
  [JSON_TYPE, '{"query":"mutation { delete }"}'],
  [JSON_TYPE, '{"requests":[{"method":"DELETE"}]}'],
  [JSON_TYPE, '{"a":1,"a":2}'],
  [JSON_TYPE, "{"],
  ["application/vnd.api+json", '{"_method":"DELETE"}'],
  ["multipart/mixed; boundary=b", "--b\r\n\r\nDELETE /a HTTP/1.1\r\n--b--"],
  ["text/xml", "<methodCall/>"],
  ["application/soap+xml; action=x", "<Envelope/>"],
  ["application/unheard-of", "a"],
])("a body of a listed read chooses an operation, or may: %s %s", ([type, body]) => {
  expect(bodyChoosesOperation(type, new TextEncoder().encode(body))).toBe(true);
});

test.for<readonly [type: string | null, body: string]>([
  [FORM, ""],
  [FORM, "user=U1&include_locale=true"],
  [FORM, "q=_method&payment_method=card"],
  [null, "q=1"],
  [PARTS, '--b\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\r\n--b--'],
  [JSON_TYPE, '{"q":"x"}'],
  [
    JSON_TYPE,
    '{"filterGroups":[{"filters":[{"propertyName":"email","operator":"EQ","value":"a"}]}],"limit":5}',
  ],
  [JSON_TYPE, '{"query":{"field":"email","operator":"=","value":"a"}}'],
  [JSON_TYPE, '{"inputs":[{"id":"1"}],"properties":["email"]}'],
  [JSON_TYPE, "[1,2,3]"],
  ["application/json; charset=utf-8", '{"query":"find a mutation"}'],
  ["text/plain", "_method=DELETE"],
  ["application/x-ndjson", "{}"],
])("a body of a listed read is one: %s %s", ([type, body]) => {
  expect(bodyChoosesOperation(type, new TextEncoder().encode(body))).toBe(false);
});

test("bytes that are not UTF-8 leave the operation open", () => {
  expect(bodyChoosesOperation(FORM, new Uint8Array([0xff, 0x3d, 0x31]))).toBe(true);
});
