/** Every module that Viaduct has: adding one is a file and a line here. */
import type { Module } from "../declare/module.ts";
import { acc } from "./acc/index.ts";
import { aliasDb } from "./alias_db/index.ts";
import { async } from "./async/index.ts";
import { auth } from "./auth/index.ts";
import { authDb } from "./auth_db/index.ts";
import { avpops } from "./avpops/index.ts";
import { cfgRpc } from "./cfg_rpc.ts";
import { cfgutils } from "./cfgutils.ts";
import { core } from "./core/index.ts";
import { corex } from "./corex/corex.ts";
import { counters } from "./counters.ts";
import { ctl } from "./ctl/index.ts";
import { dbText } from "./db_text/index.ts";
import { debugger_ } from "./debugger/index.ts";
import { dialplan } from "./dialplan/index.ts";
import { dispatcher } from "./dispatcher/index.ts";
import { diversion } from "./diversion.ts";
import { domain } from "./domain/index.ts";
import { exec } from "./exec/index.ts";
import { group } from "./group.ts";
import { htable } from "./htable/index.ts";
import { httpAsyncClient } from "./http_async_client/index.ts";
import { httpClient } from "./http_client/index.ts";
import { ipops } from "./ipops/index.ts";
import { jansson } from "./jansson/index.ts";
import { json } from "./json/index.ts";
import { jsonrpcs } from "./jsonrpcs/index.ts";
import { kex } from "./kex/kex.ts";
import { maxfwd } from "./maxfwd.ts";
import { mqueue } from "./mqueue.ts";
import { mtree } from "./mtree/index.ts";
import { nathelper } from "./nathelper/index.ts";
import { path } from "./path.ts";
import { permissions } from "./permissions/permissions.ts";
import { pike } from "./pike/pike.ts";
import { pv } from "./pv/index.ts";
import { regex } from "./regex/regex.ts";
import { registrar } from "./registrar/index.ts";
import { restClient } from "./rest_client/index.ts";
import { rr } from "./rr/index.ts";
import { rtjson } from "./rtjson/index.ts";
import { sanity } from "./sanity/index.ts";
import { sdpops } from "./sdpops/index.ts";
import { siputils } from "./siputils/index.ts";
import { sl } from "./sl.ts";
import { speeddial } from "./speeddial/index.ts";
import { dbMysql, dbPostgres, dbSqlite } from "./sqlops/drivers.ts";
import { sqlops } from "./sqlops/index.ts";
import { statistics } from "./statistics.ts";
import { tcpops } from "./tcpops/index.ts";
import { textops } from "./textops/textops.ts";
import { textopsx } from "./textopsx/textopsx.ts";
import { tls } from "./tls/index.ts";
import { tm } from "./tm/index.ts";
import { tmx } from "./tmx/index.ts";
import { tsilo } from "./tsilo/index.ts";
import { uac } from "./uac/index.ts";
import { uacRedirect } from "./uac_redirect/index.ts";
import { uriDb } from "./uri_db.ts";
import { usrloc } from "./usrloc/index.ts";
import { uuid } from "./uuid.ts";
import { websocket } from "./websocket/index.ts";
import { xhttp } from "./xhttp/index.ts";
import { xhttpProm } from "./xhttp_prom/index.ts";
import { xlog } from "./xlog.ts";

export const modules: readonly Module[] = [
  core,
  cfgutils,
  cfgRpc,
  corex,
  kex,
  pv,
  htable,
  avpops,
  json,
  jansson,
  textops,
  textopsx,
  xlog,
  exec,
  restClient,
  dbMysql,
  dbPostgres,
  dbSqlite,
  dbText,
  sqlops,
  sl,
  rr,
  maxfwd,
  tm,
  tmx,
  async,
  uac,
  uacRedirect,
  rtjson,
  sanity,
  httpAsyncClient,
  httpClient,
  ctl,
  jsonrpcs,
  xhttp,
  tcpops,
  tls,
  websocket,
  xhttpProm,
  siputils,
  ipops,
  regex,
  statistics,
  sdpops,
  counters,
  nathelper,
  uuid,
  diversion,
  path,
  mqueue,
  pike,
  permissions,
  usrloc,
  registrar,
  auth,
  authDb,
  aliasDb,
  speeddial,
  domain,
  group,
  uriDb,
  dialplan,
  mtree,
  tsilo,
  dispatcher,
  acc,
  debugger_,
];
