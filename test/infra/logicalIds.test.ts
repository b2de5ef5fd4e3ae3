import { expect, test } from 'vitest';
import { type Resource, synthesise } from './synthesise.ts';

/** A line for each resource: its logical id and its type. */
const identitiesIn = (resources: Record<string, Resource>): string[] =>
  Object.entries(resources).map(([id, { Type }]) => `${id} ${Type}`);

const zoned = { name: 'tips.example.org', hostedZoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.org' };

/**
 * CloudFormation makes a resource anew whose logical id changes, and a table or a queue made anew is empty. A change of
 * these files is a deployment that replaces something: look what, and what it costs who runs a stack, before writing them
 * anew with `npx vitest run --project unit test/infra/logicalIds.test.ts -u`.
 */
test('a deployed stack’s resources keep their logical ids', async () => {
  const shipped = identitiesIn(synthesise().resources);
  await expect(`${shipped.sort().join('\n')}\n`).toMatchFileSnapshot('logicalIds.txt');

  const all = synthesise({ region: 'eu-west-1', domain: zoned, firewall: {}, tracing: true });
  const more = [...identitiesIn(all.resources), ...identitiesIn(all.usEast1() ?? {})];
  const beside = more.filter((line) => !shipped.includes(line));
  await expect(`${beside.sort().join('\n')}\n`).toMatchFileSnapshot('logicalIdsBeside.txt');
});
