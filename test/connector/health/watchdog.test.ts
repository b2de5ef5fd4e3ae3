import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Health } from '../../../connector/connector.ts';
import { keepWatchdog } from '../../../connector/health/watchdog.ts';
import { suitesHere } from '../../toolchains.ts';
import { openLog } from '../stage.ts';

/** systemd's side of the socket, which Node.js can't open: each message that came, in a line. */
const RECEIVER = `
import json, socket, sys
came = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
came.bind(sys.argv[1])
print('ready', flush=True)
while True:
    print(json.dumps(came.recv(4096).decode()), flush=True)
`;

const health = (state: Health['state']): Health => ({
  state,
  waiting: 3,
  booked: 0,
  known: 0,
  setAside: 0,
  alarms: {},
});

describe.skipIf(!suitesHere().has('systemd'))('the watchdog', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-watchdog-'));
  const socket = join(dir, 'notify');
  let receiver: ChildProcess;
  let lines: AsyncIterator<string>;

  beforeAll(async () => {
    receiver = spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    lines = createInterface({ input: receiver.stdout! })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
  });
  afterAll(() => {
    receiver.kill();
    rmSync(dir, { recursive: true });
  });

  /** The next message that tells something: systemd-notify sends one more, to wait until this one was taken. */
  const next = async (): Promise<string[]> => {
    const message: string = JSON.parse((await lines.next()).value);
    return message.startsWith('BARRIER=') ? next() : message.trimEnd().split('\n');
  };

  it.each<[Health['state'], boolean]>([
    ['connecting', false],
    ['standing by', true],
    ['catching up', true],
    ['live', true],
  ])('is told that a connector is %s, which is a sign of life: %s', async (state, lives) => {
    const { log, lines: logged } = openLog();
    const stop = new AbortController();
    const slept: number[] = [];
    await keepWatchdog(
      {
        env: { PATH: process.env.PATH, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '10000000' },
        health: health(state),
        log,
        async sleep(ms) {
          slept.push(ms);
          stop.abort();
        },
      },
      stop.signal,
    );
    expect(await next()).toEqual([`STATUS=${state}, 3 waiting`, ...(lives ? ['WATCHDOG=1'] : [])]);
    expect(slept).toEqual([3_333]);
    expect(logged).toEqual([]);
  });

  it.each([
    ['where systemd set none', { NOTIFY_SOCKET: socket }],
    ['outside systemd', { WATCHDOG_USEC: '60000000' }],
  ])('is not kept %s', async (_, env) => {
    const sleep = () => expect.unreachable('it told');
    await keepWatchdog(
      { env, health: health('live'), log: openLog().log, sleep },
      new AbortController().signal,
    );
  });
});
