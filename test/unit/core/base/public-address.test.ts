import { describe, expect, test } from "vitest";
import { publicAddress, type AddressProblem } from "../../../../src/core/base/public-address.ts";
import { checkUpstream } from "../../../../src/config/registry/upstream.ts";

/** Hosts that stand for this machine, its network or nothing at all, however they are written. */
const LOCAL_HOSTS = [
  // Loopback.
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "127.255.255.254",
  "2130706433",
  "0x7f000001",
  "0x7F000001",
  "0x7f.0x0.0x0.0x1",
  "0x7f.1",
  "0177.0.0.1",
  "0177.0.0.01",
  "017700000001",
  "0",
  "0.0.0.0",
  "0x0",
  "00000000",
  "127.0x00.0.1",
  "１２７.0.0.1",
  "127。0。0。1",
  "①②⑦.⓪.⓪.①",
  "%31%32%37.0.0.1",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[0000:0000:0000:0000:0000:0000:0000:0001]",
  "[::]",
  // IPv4 in IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::FFFF:7F00:0001]",
  "[::ffff:10.0.0.1]",
  "[::ffff:169.254.169.254]",
  "[::127.0.0.1]",
  "[::7f00:1]",
  "[::ffff:0:127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::a00:1]",
  "[2002:7f00:1::]",
  "[2002:a9fe:a9fe::1]",
  "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
  "[2001::1]",
  "[2600::5efe:a00:1]",
  // Private, shared, link-local.
  "10.0.0.1",
  "10.255.255.255",
  "012.0.0.1",
  "167772161",
  "0xa000001",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.1",
  "0xc0a80001",
  "3232235521",
  "100.64.0.1",
  "100.127.255.255",
  "169.254.0.1",
  "[fc00::1]",
  "[fd12:3456:789a::1]",
  "[fe80::1]",
  "[febf::1]",
  "[fec0::1]",
  // Metadata services.
  "169.254.169.254",
  "169.254.169.254.",
  "0xa9fea9fe",
  "2852039166",
  "0251.0376.0251.0376",
  "169.254.170.2",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
  "[fd00:ec2::254]",
  "metadata.google.internal",
  "metadata.google.internal.",
  "METADATA.google.INTERNAL",
  "metadata",
  "instance-data.ec2.internal",
  // Documentation, benchmarks, multicast, reserved, broadcast.
  "192.0.2.1",
  "198.51.100.7",
  "203.0.113.9",
  "198.18.0.1",
  "198.19.255.255",
  "192.88.99.1",
  "224.0.0.1",
  "239.255.255.250",
  "240.0.0.1",
  "255.255.255.255",
  "4294967295",
  "[ff02::1]",
  "[2001:db8::1]",
  "[3fff::1]",
  "[100::1]",
  "[4000::1]",
  // Names.
  "localhost",
  "LOCALHOST",
  "localhost.",
  "api.localhost",
  "ｌocalhost",
  "printer.local",
  "printer.local.",
  "db.internal",
  "router.lan",
  "nas.home",
  "nas.home.arpa",
  "1.0.0.127.in-addr.arpa",
  "host.localdomain",
  "vault",
  "kubernetes.default.svc.cluster.local",
  "hidden.onion",
  "127.0.0.1.nip.io",
  "a.localtest.me",
  "double..dots.example.com",
  "127.0.0.1..",
  "example.com..",
  "kubernetes.default.svc",
  "vault.service.consul",
] as const;

const PUBLIC = [
  "https://example.com",
  "https://hooks.example.com/services/T0/B0/x?y=z",
  "https://example.com.",
  "https://example.com:8443/hook",
  "https://localhost.example.com",
  "https://internal.example.com",
  "https://10.example.com",
  "https://127.0.0.1.example.com",
  "https://bücher.example",
  "https://xn--bcher-kva.example",
  "https://8.8.8.8",
  "https://172.15.255.255",
  "https://172.32.0.1",
  "https://100.63.255.255",
  "https://100.128.0.1",
  "https://169.253.255.255",
  "https://192.0.1.1",
  "https://198.17.255.255",
  "https://223.255.255.255",
  "https://[2606:4700:4700::1111]",
  "https://[2001:4860:4860::8888]",
] as const;

const REFUSED: readonly (readonly [string, AddressProblem])[] = [
  ["http://example.com", "not_https"],
  ["ftp://example.com", "not_https"],
  ["file:///etc/passwd", "not_https"],
  ["data:text/plain,x", "not_https"],
  ["javascript:alert(1)", "not_https"],
  ["gopher://example.com", "not_https"],
  ["ws://example.com", "not_https"],
  ["https://user:secret@example.com", "credentials"],
  ["https://user@example.com", "credentials"],
  ["https://example.com@127.0.0.1", "credentials"],
  ["https://127.0.0.1#@example.com", "local_address"],
  ["https://127.0.0.1\\@example.com", "local_address"],
  ["https://127.0.0.1:443", "local_address"],
  ["https:127.0.0.1", "local_address"],
  ["https:/127.0.0.1", "local_address"],
  ["https:\\\\127.0.0.1", "local_address"],
  ["HTTPS://127.0.0.1", "local_address"],
  ["https://", "malformed"],
  ["https://?x", "malformed"],
  ["", "malformed"],
  ["example.com", "malformed"],
  ["//example.com", "malformed"],
  ["https://exa mple.com", "malformed"],
  ["https://exam\tple.com", "malformed"],
  ["https://example.com/\n", "malformed"],
  [" https://example.com", "malformed"],
  ["https://example.com\u0000", "malformed"],
  ["https://256.256.256.256", "malformed"],
  ["https://1.2.3.4.5", "malformed"],
  ["https://0x100000000", "malformed"],
  ["https://example.com:99999", "malformed"],
  ["https://[::1", "malformed"],
  ["https://[fe80::1%25eth0]", "malformed"],
  [`https://example.com/${"a".repeat(2_048)}`, "malformed"],
];

describe("INV-22: addresses Gate never sends to", () => {
  test.each(LOCAL_HOSTS)("a local address is refused in every literal form: %s", (host) => {
    expect(publicAddress(`https://${host}/hook`)).toEqual({
      ok: false,
      error: "local_address",
    });
    expect(checkUpstream(`https://${host}`, false)).not.toBeNull();
  });

  test.each(REFUSED)("the address %j is refused: %s", (written, why) => {
    expect(publicAddress(written)).toEqual({ ok: false, error: why });
  });
});

test.each(PUBLIC)("INV-22: a public address is accepted: %s", (written) => {
  expect(publicAddress(written)).toEqual({ ok: true, value: new URL(written) });
});

test.each([
  "http://127.0.0.1:8080",
  "http://localhost",
  "https://10.0.0.5",
  "http://vault:8200",
  "https://[::1]",
])("INV-22: a private address is accepted where the operator allows it: %s", (written) => {
  expect(publicAddress(written, true).ok).toBe(true);
  expect(publicAddress(written, false).ok).toBe(false);
});

test.each([
  ["http://u:p@127.0.0.1", "credentials"],
  ["file:///etc/passwd", "not_https"],
  ["gopher://127.0.0.1", "not_https"],
  ["nonsense", "malformed"],
] as const)(
  "INV-22: allow_private does not accept credentials, other schemes or malformed URLs: %s",
  (written, why) => {
    expect(publicAddress(written, true)).toEqual({ ok: false, error: why });
  },
);
