/** nathelper and sdpops. */
import { describe, expect, test } from "vitest";
import { play, request } from "./play.ts";

const contact = "Contact: <sip:alice@10.0.0.5:5062;transport=udp>";
const body = [
  "v=0",
  "o=- 1 7 IN IP4 10.0.0.5",
  "s=-",
  "c=IN IP4 10.0.0.5",
  "t=0 0",
  "m=audio 4000 RTP/AVP 0 8 101",
  "a=rtpmap:0 PCMU/8000",
  "a=rtpmap:101 telephone-event/8000",
  "m=video 4002 RTP/AVP 31",
  "",
].join("\r\n");
const invite = request("INVITE", [contact, "Content-Type: application/sdp"], body);
const forward = '$du = "sip:127.0.0.3"; forward();';

describe("nathelper", () => {
  test.each([
    [1, 1],
    [2, 1],
    [4, 1],
    [8, 1],
    [16, 1],
    [32, -1],
    [64, -1],
    [128, 1],
    [256, 1],
    [512, -1],
  ])("nat_uac_test(%i)", async (flag, rc) => {
    expect((await play("nathelper", `nat_uac_test("${flag}"); xlog("$rc\\n");`, invite)).log).toEqual([String(rc)]);
  });

  test("contacts get the address that they are reached at", async () => {
    const contactOf = async (call: string): Promise<string | undefined> =>
      /Contact: (.*)\r\n/.exec((await play("nathelper", `${call} ${forward}`, invite)).sent[0] ?? "")?.[1];
    expect(await contactOf("fix_nated_contact();")).toBe("<sip:alice@127.0.0.2:40000;transport=udp>");
    expect(await contactOf("add_contact_alias();")).toBe(
      "<sip:alice@10.0.0.5:5062;alias=127.0.0.2~40000~1;transport=udp>",
    );
    expect(await contactOf("set_contact_alias();")).toBe(
      "<sip:alice@10.0.0.5:5062;transport=udp;alias=127.0.0.2~40000~1>",
    );
    expect(await contactOf("add_rcv_param();")).toBe(
      '<sip:alice@10.0.0.5:5062;transport=udp>;received="sip:127.0.0.2:40000"',
    );
  });

  test("the contact that was changed is what the script sees, and is changed once", async () => {
    const script = 'fix_nated_contact(); nat_uac_test("129"); xlog("$rc\\n"); fix_nated_contact(); xlog("$rc\\n");';
    expect((await play("nathelper", script, invite)).log).toEqual(["-1", "-1"]);
  });

  test("a request follows the alias in its Request-URI", async () => {
    const script = 'handle_ruri_alias(); xlog("$rc $ru $du\\n");';
    const uri = (alias: string): string => request("BYE", [], "", `sip:alice@10.0.0.5${alias}`);
    const logged = async (alias: string): Promise<string> => (await play("nathelper", script, uri(alias))).log[0]!;
    expect(await logged(";alias=192.0.2.7~40000~2;ob")).toBe(
      "1 sip:alice@10.0.0.5;ob sip:192.0.2.7:40000;transport=tcp",
    );
    expect(await logged(";ob")).toBe("2 sip:alice@10.0.0.5;ob <null>");
    expect(await logged(";alias=192.0.2.7~40000~9")).toMatch(/^-1 /);
  });

  test("SDP addresses are replaced, and the old ones kept", async () => {
    const [sent] = (await play("nathelper", `fix_nated_sdp("10", "192.0.2.44"); ${forward}`, invite)).sent;
    const sdp = sent!.split("\r\n\r\n")[1]!.split("\r\n");
    expect(sdp).toContain("o=- 1 7 IN IP4 192.0.2.44");
    expect(sdp).toContain("c=IN IP4 192.0.2.44");
    expect(sdp).toContain("a=oldmediaip:10.0.0.5");
    expect(sent).toContain(`Content-Length: ${sent!.length - sent!.indexOf("\r\n\r\n") - 4}`);
  });

  test("fix_nated_register needs an AVP", async () => {
    await expect(play("nathelper", "fix_nated_register();", invite)).rejects.toThrow("received_avp");
  });
});

describe("sdpops", () => {
  const sdpAfter = async (call: string): Promise<string[]> =>
    (await play("sdpops", `${call} ${forward}`, invite)).sent[0]!.split("\r\n\r\n")[1]!.split("\r\n");
  const codes = async (...calls: readonly string[]): Promise<readonly string[]> =>
    (await play("sdpops", calls.map((it) => `${it}; xlog("$rc\\n");`).join("\n"), invite)).log;

  test("tests", async () => {
    expect(
      await codes(
        'sdp_with_media("Audio")',
        'sdp_with_media("text")',
        'sdp_with_transport_like("AVP")',
        'sdp_with_codecs_by_id("0,8")',
        'sdp_with_codecs_by_name("PCMU")',
        'sdp_with_codecs_by_id("77")',
        "sdp_get_address_family()",
        "sdp_content()",
        "sdp_with_ice()",
      ),
    ).toEqual(["1", "-1", "1", "2", "2", "-1", "4", "1", "-1"]);
  });

  test("codecs go with their lines", async () => {
    const sdp = await sdpAfter('sdp_remove_codecs_by_name("telephone-event"); sdp_remove_codecs_by_id("8");');
    expect(sdp).toContain("m=audio 4000 RTP/AVP 0");
    expect(sdp.join()).not.toContain("telephone-event");
    expect(await sdpAfter('sdp_keep_codecs_by_id("8", "audio");')).toContain("m=audio 4000 RTP/AVP 8");
  });

  test("streams and lines go", async () => {
    expect((await sdpAfter('sdp_remove_media("audio");')).filter((it) => it.startsWith("m="))).toEqual([
      "m=video 4002 RTP/AVP 31",
    ]);
    expect((await sdpAfter('sdp_remove_line_by_prefix("a=rtpmap");')).join()).not.toContain("rtpmap");
  });

  test("a line iterator", async () => {
    const script = `
      sdp_iterator_start("i");
      while (sdp_iterator_next("i")) {
        if ($sdpitval(i) =~ "^s=") sdp_iterator_append("i", "i=added\\r\\n");
        if ($sdpitval(i) =~ "^t=") sdp_iterator_rm("i");
      }
      sdp_iterator_end("i");
      $sdp(sess_version) = -1;`;
    expect((await sdpAfter(script)).slice(1, 6)).toEqual([
      "o=- 1 8 IN IP4 10.0.0.5",
      "s=-",
      "i=added",
      "c=IN IP4 10.0.0.5",
      "m=audio 4000 RTP/AVP 0 8 101",
    ]);
  });
});
