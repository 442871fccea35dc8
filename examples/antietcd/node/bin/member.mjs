// Runs one member of the cluster: `node member.mjs start|stop|check`. Everything it has to know
// stands in the metadata that windlass writes to the node.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const root = process.env.WINDLASS_ROOT ?? '';
const program = `${root}/opt/windlass/app/node_modules/antietcd/antietcd-app.js`;
const dataFile = `${root}/data/antietcd.json.gz`;
const pidFile = `${root}/run/antietcd.pid`;
const logFile = `${root}/var/log/antietcd.log`;

const START_LIMIT_MS = 150_000;
const STOP_LIMIT_MS = 30_000;
const LOOK_INTERVAL_MS = 250;
// Just after a start members may follow different leaders for a moment; longer than a heartbeat.
const STEADY_MS = 1_500;

const { hosts, host, cluster, env } = JSON.parse(
  readFileSync(`${root}/etc/windlass/metadata.json`, 'utf8'),
).self;
const members = Object.values(hosts.member);

const actions = { start, stop, check };
const action = actions[process.argv[2]];
if (action === undefined) {
  console.error('usage: member.mjs start|stop|check');
  process.exit(2);
}
try {
  console.log(await action());
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Does nothing but wait where it runs already. */
async function start() {
  if (findProcess() === null) launch();
  const limit = Date.now() + START_LIMIT_MS;
  let seen = 'nothing yet';
  let known = { leader: '', since: 0 };
  while (Date.now() < limit) {
    if (findProcess() === null) throw new Error(`antietcd ended by itself; its log ends:\n${tailLog()}`);
    try {
      const leader = await askForLeader();
      if (leader !== known.leader) known = { leader, since: Date.now() };
      if (Date.now() - known.since >= STEADY_MS) {
        return `${memberId(host)} serves on ${memberUrl(host)}, the leader is ${leader}`;
      }
    } catch (error) {
      seen = error.message;
      known = { leader: '', since: 0 };
    }
    await sleep(LOOK_INTERVAL_MS);
  }
  throw new Error(`not ready after ${START_LIMIT_MS / 1000} s: ${seen}`);
}

async function stop() {
  const pid = findProcess();
  if (pid !== null) {
    // On SIGTERM it ends its requests and writes what is not on disk yet.
    process.kill(pid, 'SIGTERM');
    if (!(await waitUntilGone(STOP_LIMIT_MS))) {
      process.kill(pid, 'SIGKILL');
      if (!(await waitUntilGone(STOP_LIMIT_MS))) throw new Error(`process ${pid} does not end`);
    }
  }
  rmSync(pidFile, { force: true });
  return pid === null ? 'antietcd was not running' : 'antietcd has ended';
}

async function check() {
  return `the leader is ${await askForLeader()}`;
}

function launch() {
  for (const folder of [`${root}/run`, `${root}/var/log`]) mkdirSync(folder, { recursive: true });
  if (!existsSync(`${root}/data`)) throw new Error('the volume is not mounted: there is no /data');
  const log = openSync(logFile, 'a');
  const options = {
    ip: host.ip,
    port: env.client_port,
    data: dataFile,
    persist_interval: env.persist_interval_ms,
    stale_read: env.stale_read === 'true' ? '1' : '0',
    ...(members.length === 1 ? {} : describeCluster()),
  };
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [program, ...given], {
    cwd: `${root}/data`,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  if (child.pid === undefined) throw new Error('antietcd could not be started');
  writeFileSync(pidFile, `${child.pid}\n`);
  child.unref();
}

function describeCluster() {
  return {
    node_id: memberId(host),
    // Keeps members of different clusters apart; it is a name, not a password.
    cluster_key: cluster.cluster_id,
    cluster: members.map((member) => `${memberId(member)}=${memberUrl(member)}`).join(','),
  };
}

function memberId(member) {
  return `member-${member.sid}`;
}

function memberUrl(member) {
  return `http://${member.ip}:${env.client_port}`;
}

/** The process of the pid file, if it still is this member: after a reboot the number may be another's. */
function findProcess() {
  if (!existsSync(pidFile)) return null;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  return Number.isInteger(pid) && pid > 1 && readCommandLine(pid).includes(dataFile) ? pid : null;
}

function readCommandLine(pid) {
  try {
    if (existsSync('/proc/self/cmdline')) return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** @throws as long as this member knows no leader, or cannot serve a read. */
async function askForLeader() {
  const status = await ask('/v3/maintenance/status', {});
  // Alone it holds no elections.
  const alone = members.length === 1;
  if (!alone && (!['leader', 'follower'].includes(status.raftState) || !status.leader)) {
    throw new Error(`no leader yet (this member is ${status.raftState ?? 'starting'})`);
  }
  // A member may know its leader before it has the data; only a read shows that it serves.
  await ask('/v3/kv/range?nowaitquorum=1', { key: Buffer.from('/').toString('base64') });
  return alone ? memberId(host) : status.leader;
}

async function ask(path, body) {
  const response = await fetch(`${memberUrl(host)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(2_000),
  }).catch(() => {
    throw new Error(`nothing answers at ${memberUrl(host)}`);
  });
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${(await response.text()).trim()}`);
  return response.json();
}

async function waitUntilGone(limitMs) {
  const limit = Date.now() + limitMs;
  while (Date.now() < limit) {
    if (findProcess() === null) return true;
    await sleep(LOOK_INTERVAL_MS);
  }
  return false;
}

function tailLog() {
  return readFileSync(logFile, 'utf8').slice(-2_000);
}
