/** Parameters of module permissions. */
import { int, text } from "../../declare/module.ts";

const column = (name: string, holds: string) => text(`Column with ${holds}.`, { fallback: name });

export const parameters = {
  default_allow_file: text("Rules that allow, for allow_routing() without files.", { fallback: "permissions.allow" }),
  default_deny_file: text("Rules that deny, for allow_routing() without files.", { fallback: "permissions.deny" }),
  check_all_branches: int("0: allow_routing looks at the Request-URI alone.", { fallback: 1 }),
  allow_suffix: text("Suffix of files with rules that allow.", { fallback: ".allow" }),
  deny_suffix: text("Suffix of files with rules that deny.", { fallback: ".deny" }),
  load_backends: int(
    "What is read at the start: 1 addresses, 2 trusted peers, 4 default_allow_file, 8 default_deny_file.",
    {
      fallback: 0xffff,
    },
  ),
  db_url: text("The database with the tables of addresses and of trusted peers.", { fallback: "" }),
  db_mode: int("0: every allow_trusted() asks the database; 1: the trusted peers are kept in memory.", { fallback: 0 }),
  trusted_table: text("Table of trusted peers.", { fallback: "trusted" }),
  source_col: column("src_ip", "the address of a trusted peer"),
  proto_col: column("proto", "its protocol"),
  from_col: column("from_pattern", "an expression for From"),
  ruri_col: column("ruri_pattern", "an expression for the Request-URI"),
  tag_col: column("tag", "the tag, in both tables"),
  priority_col: column("priority", "the priority of a trusted peer"),
  trusted_cleanup_interval: int("Seconds until a table that was replaced is forgotten; here it is at once.", {
    fallback: 60,
  }),
  address_table: text("Table of addresses.", { fallback: "address" }),
  address_file: text("File with groups of addresses in place of the table: `group address mask port tag`.", {
    fallback: "",
  }),
  grp_col: column("grp", "the group of an address"),
  ip_addr_col: column("ip_addr", "the address or domain name"),
  mask_col: column("mask", "the length of the mask"),
  port_col: column("port", "the port"),
  peer_tag_avp: text("Variable for the tag of an address or peer that was found.", { fallback: "" }),
  peer_tag_mode: int("1: allow_trusted() sets the tags of all peers that fit, and their number is the code.", {
    fallback: 0,
  }),
  max_subnets: int("Most subnets.", { fallback: 512 }),
  subnet_match_mode: int("0: the first subnet that fits counts; 1: the longest.", { fallback: 0 }),
  reload_delta: int("Seconds that must pass between two reloads by command.", { fallback: 5 }),
};
