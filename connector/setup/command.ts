import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import type { SETUP } from '../flags.ts';
import { asConnector } from '../onNode.ts';
import { Findings } from './findings.ts';
import { readChoices } from './options.ts';
import { type Machine, setUp, unitOf } from './setup.ts';

/** Set a connector up beside lnd. */
export async function setup({ values }: Asked<typeof SETUP>, parts: Parts): Promise<Outcome> {
  const choices = await readChoices(values, parts.env);
  return runSetup(values, parts, {
    unit: (machine) => unitOf(choices, machine),
    setUp: (machine, findings) => setUp(choices, machine, findings),
  });
}

/** Run a setup on this machine, or print its unit alone. @throws UsageError when it can't begin */
export async function runSetup(
  { print: printed }: { readonly print?: boolean | undefined },
  { print }: Pick<Parts, 'print'>,
  of: {
    readonly unit: (machine: Machine) => string;
    /** @returns the commands to type next */
    readonly setUp: (machine: Machine, findings: Findings) => Promise<string[]>;
  },
): Promise<Outcome> {
  const machine = {
    node: process.execPath,
    root: fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, ''),
    hostname: hostname(),
    clock: () => new Date(),
  };
  if (printed) return { text: of.unit(machine).trimEnd() };
  const findings = new Findings(print);
  findings.tellNext(await asConnector(() => of.setUp(machine, findings)));
  return { code: findings.failed > 0 ? 1 : 0 };
}
