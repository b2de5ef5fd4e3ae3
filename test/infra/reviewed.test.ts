import { generate } from 'selfsigned';
import { describe, expect, test } from 'vitest';
import { grantsIn } from './reviewed.ts';
import { synthesise } from './synthesise.ts';

const asShipped = synthesise().resources;

/**
 * Nothing in a template may grant more than someone has looked at: a change shows as a difference of these files. Having looked, write
 * them anew with `npx vitest run --project unit test/infra/reviewed.test.ts -u`.
 */
describe('who may do what', () => {
  test('as shipped is what was reviewed', async () => {
    await expect(grantsIn(asShipped)).toMatchFileSnapshot('reviewed.txt');
  });

  test('with tracing and a connector by Roles Anywhere is that, and what was reviewed beside', async () => {
    const extensions = [{ name: 'basicConstraints', cA: true, critical: true }] as const;
    const authority = await generate([{ name: 'commonName', value: 'hosts' }], {
      keyType: 'ec',
      extensions: [...extensions],
    });
    const rolesAnywhere = { caCertificate: authority.cert, hosts: ['shed'] };
    const { resources } = synthesise({ tracing: true, connector: { rolesAnywhere } });
    const more = Object.entries(resources).filter(
      ([id, resource]) => JSON.stringify(asShipped[id]) !== JSON.stringify(resource),
    );
    await expect(grantsIn(Object.fromEntries(more))).toMatchFileSnapshot('reviewedBeside.txt');
  });

  test('with a header’s secret in place of signatures is what was reviewed, and URLs that ask for no signature', async () => {
    const { resources } = synthesise({ originAccess: 'header' });
    const more = Object.entries(resources).filter(
      ([id, resource]) => JSON.stringify(asShipped[id]) !== JSON.stringify(resource),
    );
    await expect(grantsIn(Object.fromEntries(more))).toMatchFileSnapshot('reviewedHeader.txt');
  });
});

describe('no statement', () => {
  const grants = grantsIn(asShipped);

  test('grants every action of a service, but for denials and the owner of a key', () => {
    const wide = grants.match(/^ {2}Allow.*: .*[\w]+:\*.*$/gm) ?? [];
    expect(wide.filter((line) => !line.endsWith(': kms:*'))).toEqual([]);
  });

  test('lets in whoever comes', () => {
    const blocks = grants.split(/^(?= {2}(?:Allow|Deny))/m);
    expect(
      blocks.filter((block) => block.startsWith('  Allow') && /^ {4}by (all|AWS) \*$/m.test(block)),
    ).toEqual([]);
    expect(blocks.filter((block) => /^ {4}by \*$/m.test(block))).toEqual([]);
  });

  test('is reached by a managed policy of AWS', () => {
    expect(grants).not.toContain('all of ');
  });
});
