import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { LndNode } from '../regtest/harness/lnd.ts';
import { freePorts } from '../regtest/harness/ports.ts';
import type { Deployment } from './deployment.ts';
import { command, runProgram } from './running.ts';

/**
 * A connector beside a node, set up by `ampjar connector setup` from what the deployment told, and run with the environment and
 * the macaroon that this wrote.
 * @returns when it leads
 */
export async function startConnector({ outputs }: Deployment, endpoint: string, jar: LndNode) {
  const dir = mkdtempSync(join(tmpdir(), 'ampjar-beside-'));
  const [port] = await freePorts(1);
  const told = join(dir, 'ampjar.outputs.json');
  writeFileSync(told, JSON.stringify({ 'Ampjar-test': outputs }));
  const printed = await command(
    ...['cli/main.ts', 'connector', 'setup', '--outputs', told, '--endpoint', endpoint],
    ...['--lnd-host', jar.socket, '--lnd-cert', jar.certPath, '--admin-macaroon', jar.adminMacaroonPath],
    ...['--health-port', String(port), '--dir', dir, '--no-unit'],
  );
  const environment = readFileSync(join(dir, 'connector.env'), 'utf8').trim().split('\n');
  const connector = runProgram(process.execPath, [inject('program').connector], {
    ...Object.fromEntries(environment.map((line) => line.split(/=(.*)/s).slice(0, 2))),
    AMPJAR_LND_CERT: jar.certPath,
    AMPJAR_LND_MACAROON: join(dir, 'lnd.macaroon'),
  });
  await connector.line((line) => JSON.parse(line).msg === 'leading');
  return {
    /** What the setup told. */
    printed,
    async stop() {
      await connector.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
