/** Core parameters of processes, users, timers and memory. */
import { any, int, type Kinds, text } from "../../declare/module.ts";

const on = (doc: string): ReturnType<typeof int> => int(doc, { fallback: 1 });
const off = (doc: string): ReturnType<typeof int> => int(doc, { fallback: 0 });

/** What Node and the operating system decide. */
const LEFT = "Viaduct leaves that to the system.";

export const processParameters: Kinds = {
  children: int("How many messages from each UDP socket are handled at once.", { fallback: 8 }),
  async_workers: off("How many tasks of asynchronous modules run at once."),
  async_workers_group: text("Further groups of such workers: `name=…;workers=…;nonblock=…;usleep=…`.", {
    fallback: "",
  }),
  async_usleep: off("Microseconds that an idle worker sleeps; Viaduct's do not."),
  async_nonblock: off("Let workers that find nothing to do go on at once; Viaduct's always do."),
  async_tkv_gname: text("Group of workers that gets key-value messages.", { fallback: "" }),
  async_tkv_evcb: text("Function that is called for such messages.", { fallback: "" }),
  fork: on("Go to the background. Viaduct stays in front."),
  fork_delay: off(`Microseconds between the starts of two processes. ${LEFT}`),
  modinit_delay: off(`Microseconds between the starts of two modules. ${LEFT}`),
  wait_worker1_mode: off("1 lets all other processes wait for the first one."),
  wait_worker1_time: int("Microseconds for which they wait at most.", { fallback: 4000000 }),
  wait_worker1_usleep: int("Microseconds between two looks at it.", { fallback: 100000 }),
  exit_timeout: int("Seconds that stopping may take.", { fallback: 60 }),
  ser_kill_timeout: int("Another spelling of `exit_timeout`.", { fallback: 60 }),
  user: text("User to become.", { fallback: "" }),
  uid: text("Another spelling of `user`.", { fallback: "" }),
  group: text("Group to become.", { fallback: "" }),
  gid: text("Another spelling of `group`.", { fallback: "" }),
  chroot: text("Directory to be confined to.", { fallback: "" }),
  workdir: text("Working directory.", { fallback: "" }),
  wdir: text("Another spelling of `workdir`.", { fallback: "" }),
  rundir: text("Directory for sockets and process ids.", { fallback: "" }),
  run_dir: text("Another spelling of `rundir`.", { fallback: "" }),
  disable_core_dump: off(`Leave no core file when the server dies. ${LEFT}`),
  open_files_limit: int(`How many files may be open. ${LEFT}`, { fallback: -1 }),
  shm: int(`Megabytes of shared memory. ${LEFT}`, { fallback: 64 }),
  shm_mem: int("Another spelling of `shm`.", { fallback: 64 }),
  shm_mem_size: int("Another spelling of `shm`.", { fallback: 64 }),
  shm_force_alloc: off(`Take all shared memory at once. ${LEFT}`),
  mlock_pages: off(`Keep memory from being swapped out. ${LEFT}`),
  mem_summary: int(`Which sums of memory are logged at the end. ${LEFT}`, { fallback: 12 }),
  mem_safety: on(`Check blocks when they are freed. ${LEFT}`),
  mem_join: on(`Join free blocks. ${LEFT}`),
  mem_add_size: off(`Bytes added to each block. ${LEFT}`),
  mem_status_mode: off(`Which blocks are logged. ${LEFT}`),
  real_time: off(`Which processes have real-time priority. ${LEFT}`),
  rt_prio: off(`Their priority. ${LEFT}`),
  rt_policy: off(`Their policy. ${LEFT}`),
  rt_timer1_prio: off(`Priority of the fast timer. ${LEFT}`),
  rt_fast_timer_prio: off("Another spelling of `rt_timer1_prio`."),
  rt_ftimer_prio: off("Another spelling of `rt_timer1_prio`."),
  rt_timer1_policy: off(`Policy of the fast timer. ${LEFT}`),
  rt_ftimer_policy: off("Another spelling of `rt_timer1_policy`."),
  rt_timer2_prio: off(`Priority of the slow timer. ${LEFT}`),
  rt_stimer_prio: off("Another spelling of `rt_timer2_prio`."),
  rt_timer2_policy: off(`Policy of the slow timer. ${LEFT}`),
  rt_stimer_policy: off("Another spelling of `rt_timer2_policy`."),
  cfgengine: any("Language of the routing logic; Viaduct runs the native one.", { fallback: "native" }),
};
