import { runSetup } from '../../connector/setup/command.ts';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import type { SERVER_SETUP } from '../flags.ts';
import { readChoices } from './options.ts';
import { setUp } from './setup.ts';
import { unit } from './unit.ts';

/** Set the server up as a service beside lnd. */
export async function setup({ values }: Asked<typeof SERVER_SETUP>, parts: Parts): Promise<Outcome> {
  const choices = readChoices(values, parts.env);
  return runSetup(values, parts, {
    unit: (machine) => unit(choices, machine),
    setUp: (machine, findings) => setUp(choices, machine, findings),
  });
}
