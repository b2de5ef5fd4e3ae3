import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../jar.ts';

const run = promisify(execFile);

/** Where the booted machine sees the checkout and Node.js, wherever they lie here. */
export const CHECKOUT = '/run/ampjar/checkout';
export const NODE = '/run/ampjar/node/node';

/** Whether this machine lets its user make namespaces, as systemd needs to be booted in. */
export const canBoot = (): Promise<boolean> =>
  run('unshare', ['--mount', '--pid', '--cgroup', '--fork', 'true']).then(
    () => true,
    () => false,
  );

const target = '[Unit]\nDefaultDependencies=no\n';

/**
 * Boot systemd, this machine's own files and network under it, with nothing but one service. It has its own processes, mounts and
 * control groups, which go with it, and goes when this process does.
 * @param dir a folder for what it is booted with; the service's output comes into `out` there
 * @param dropIn lines for the service's section
 * @param state the folder that it sees as /var/lib/private, where units with a user of their own keep what is theirs
 */
export async function boot(
  unit: string,
  { dir, dropIn, state }: { dir: string; dropIn: string; state?: string },
) {
  const units = join(dir, 'booted');
  const name = basename(unit);
  const output = join(dir, 'out');
  mkdirSync(join(units, `${name}.d`), { recursive: true });
  writeFileSync(output, '');
  writeFileSync(join(units, name), readFileSync(unit));
  writeFileSync(
    join(units, `${name}.d`, 'booted.conf'),
    `${target}[Service]\nStandardOutput=append:${output}\nStandardError=append:${output}\n${dropIn}\n`,
  );
  writeFileSync(join(units, 'booted.target'), `${target}Wants=${name}\n`);
  const group = `/sys/fs/cgroup/ampjar-${process.pid}`;
  // In place of this machine's own /var/lib, in which systemd would leave a folder and a link.
  const bindState =
    state === undefined
      ? ''
      : `mount -t tmpfs -o mode=755 tmpfs /var/lib\nmkdir -m 700 /var/lib/private\nmount --bind '${state}' /var/lib/private\n`;
  if (state !== undefined) mkdirSync(state, { recursive: true, mode: 0o700 });
  // A group of its own, then namespaces; /run is new, and shared with what systemd unshares from there.
  writeFileSync(
    join(dir, 'outer.sh'),
    `set -e
mount --make-rprivate /
umount --recursive --lazy /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir '${group}'
trap "find '${group}' -depth -type d -exec rmdir {} +" EXIT
(echo 0 > '${group}/cgroup.procs'; exec setpriv --pdeathsig KILL unshare --mount --pid --uts --ipc --cgroup --fork --kill-child sh '${dir}/inner.sh')
`,
  );
  writeFileSync(
    join(dir, 'inner.sh'),
    `set -e
mount -t proc proc /proc
umount --lazy /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/systemd/system '${CHECKOUT}' '${dirname(NODE)}'
mount --bind '${process.cwd()}' '${CHECKOUT}'
mount --bind '${dirname(process.execPath)}' '${dirname(NODE)}'
cp -r '${units}/.' /run/systemd/system
${bindState}mount --make-rshared /
exec env -i PATH="$PATH" container=test /lib/systemd/systemd --system --unit=booted.target --show-status=no
`,
  );
  const outer = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--mount', 'sh', join(dir, 'outer.sh')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(outer, 'close');
  let said = '';
  outer.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const childOf = async (pid: string) =>
    (await run('pgrep', ['--parent', pid]).catch(() => ({ stdout: '' }))).stdout.trim();
  const pid = await until(async () => {
    if (outer.exitCode !== null) throw new Error(`systemd was not booted: ${said}`);
    const unshare = await childOf(String(outer.pid));
    const found = unshare && (await childOf(unshare));
    return found && readFileSync(`/proc/${found}/comm`, 'utf8') === 'systemd\n' ? found : undefined;
  });
  const inside = (...command: string[]) => run('nsenter', ['--target', pid, '--mount', '--pid', ...command]);
  return {
    /** What systemd says of the service. */
    async shows<Property extends string>(...properties: Property[]) {
      const { stdout } = await inside('systemctl', 'show', `--property=${properties.join(',')}`, name);
      return Object.fromEntries(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.split(/=(.*)/s) as [Property, string]),
      ) as Record<Property, string>;
    },
    /** The lines of a process's status, as the kernel tells them. */
    status: async (process: string) => (await inside('cat', `/proc/${process}/status`)).stdout,
    stop: () => inside('systemctl', 'stop', name),
    output: () => readFileSync(output, 'utf8'),
    async end() {
      process.kill(Number(pid), 'SIGKILL');
      await ended;
    },
  };
}
