import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { devCommands } from '../../local/commands.ts';
import { readOptions } from '../../local/options.ts';
import { readArguments } from '../../shared/command/arguments.ts';

const dir = mkdtempSync(join(tmpdir(), 'ampjar-options-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string) => {
  writeFileSync(join(dir, name), 'x');
  return join(dir, name);
};

/** What `npm start` is told by a command line. */
async function told(args: readonly string[]) {
  const asked = readArguments(devCommands, ['dev', 'start', ...args]);
  if (asked.help) throw new Error('asked for help');
  return readOptions(asked.values as Parameters<typeof readOptions>[0]);
}

describe('npm start', () => {
  it('is for this machine, on the development node, unless it is told', async () => {
    expect(await told([])).toMatchObject({
      listen: { address: '127.0.0.1', port: 8080 },
      origin: undefined,
      data: 'data',
      lnd: undefined,
    });
  });

  it.each([
    [[], true],
    [['--origin', 'https://tips.example'], false],
    [['--origin', 'https://tips.example', '--loopback-webhooks'], true],
  ])('with %j posts webhooks to this machine: %j', async (args, loopbackWebhooks) => {
    expect(await told(args)).toMatchObject({ loopbackWebhooks });
  });

  it.each([
    [['--port', '0'], { listen: { address: '127.0.0.1', port: 0 } }],
    [['--listen', '[::1]:81'], { listen: { address: '::1', port: 81 } }],
    [['--listen', 'localhost:81'], { listen: { address: '127.0.0.1', port: 81 } }],
    [
      ['--listen', '0.0.0.0:81', '--origin', 'https://tips.example/'],
      { listen: { address: '0.0.0.0', port: 81 }, origin: 'https://tips.example' },
    ],
    [['--origin', 'https://Tips.Example:8443'], { origin: 'https://tips.example:8443' }],
    [['--origin', `http://${'a'.repeat(56)}.onion`], { origin: `http://${'a'.repeat(56)}.onion` }],
  ])('takes %j', async (args, expected) => {
    expect(await told(args)).toMatchObject(expected);
  });

  it.each([
    [['--origin', 'tips.example'], '--origin: "tips.example" is not an origin'],
    [['--origin', 'http://tips.example'], '--origin: '],
    [['--origin', 'https://tips.example/tips'], '--origin: '],
    [['--origin', 'https://tips.example/?'], '--origin: '],
    [['--origin', 'https://a@tips.example'], '--origin: '],
    [['--origin', 'https://tips.example.'], '--origin: '],
    [['--port', '1', '--listen', '127.0.0.1:1'], '--port: --listen says'],
    [['--port', '65536'], '--port: "65536" is not a port'],
    [['--listen', '8080'], '--listen: "8080" is not an address and a port'],
    [['--listen', 'tips.example:8080'], '--listen: '],
    [['--listen', '::1:8080'], '--listen: '],
    [['--listen', '[127.0.0.1]:8080'], '--listen: '],
    [['--listen', '127.0.0.1:x'], '--listen: "x" is not a port'],
    [['--listen', '0.0.0.0:8080'], '--listen: others than this machine reach 0.0.0.0, which needs --origin'],
    [['--proxy', '10.0.0.1'], '--proxy: there is none without --origin'],
    [
      ['--origin', 'https://a.example', '--proxy', 'proxy'],
      '--proxy: "proxy" is not an IP address or network',
    ],
    [['--origin', 'https://a.example', '--proxy', '10.0.0.0/33'], '--proxy: "10.0.0.0/33" is not'],
    [['--lnd-host', 'localhost:10009'], '--lnd-host: a real lnd needs --lnd-cert and --lnd-macaroon'],
    [['--lnd-cert', file('cert')], 'and --lnd-macaroon is missing'],
    [['--lnd-macaroon', file('macaroon')], 'and --lnd-cert is missing'],
  ])('refuses %j by name', async (args, message) => {
    await expect(told(args)).rejects.toThrow(message);
  });

  it('believes this machine’s proxy, or those that it is told, and none without an origin', async () => {
    const believes = async (...args: string[]) => {
      const { proxies } = await told(args);
      return ['127.0.0.1', '172.18.0.2', '172.19.0.2'].filter((each) => proxies.check(each, 'ipv4'));
    };
    expect(await believes()).toEqual([]);
    expect(await believes('--origin', 'https://a.example')).toEqual(['127.0.0.1']);
    const networks = '172.18.0.0/16,::1/128';
    expect(await believes('--origin', 'https://a.example', '--proxy', networks)).toEqual(['172.18.0.2']);
  });
});
