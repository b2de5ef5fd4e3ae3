import { readCertificate, readNamed } from '../../connector/options.ts';
import { checkAbsent, write } from '../../connector/setup/files.ts';
import type { Findings } from '../../connector/setup/findings.ts';
import { judgeCertificate } from '../../connector/setup/node.ts';
import { lookAtLnd, type Machine, nextSteps, tellUnreadable } from '../../connector/setup/setup.ts';
import { PUBLIC } from '../../shared/command/files.ts';
import type { Choices } from './options.ts';
import { STATE_FOLDER, unit } from './unit.ts';

/**
 * Set `npm start` up beside lnd: look at it, bake, write. What doesn't work is told.
 * @returns the commands to type next
 * @throws UsageError, MacaroonError when it can't begin
 */
export async function setUp(
  choices: Choices,
  machine: Omit<Machine, 'hostname'>,
  findings: Findings,
): Promise<string[]> {
  const { files, listen, adminMacaroon, lndCert } = choices;
  if (!choices.force)
    await checkAbsent([...(adminMacaroon === undefined ? [] : [files.macaroon]), files.unit]);
  if (adminMacaroon !== undefined) await readNamed('--admin-macaroon', adminMacaroon);
  const cert = await readCertificate('--lnd-cert', lndCert);
  judgeCertificate(cert, machine.clock().getTime(), findings);
  const looked = await lookAtLnd(choices, cert, machine, findings);
  if (!looked) return [];
  await write(files.unit, unit(choices, machine), PUBLIC);
  findings.ok('files', files.unit);
  tellUnreadable(machine, findings);
  const api = `AMPJAR_URL=http://127.0.0.1:${listen.port}`;
  return nextSteps('ampjar', looked.replaced, [
    `${api} npx ampjar creators add HANDLE --name NAME --key-file ${STATE_FOLDER}/operator.key`,
  ]);
}
