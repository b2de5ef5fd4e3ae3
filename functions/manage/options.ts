import { z } from '@hono/zod-openapi';
import {
  addOption,
  labelOption,
  MOST_NAME,
  readCreatorWithInvoice,
  removeOption,
  requestMint,
} from '../../shared/ledger/index.ts';
import { Problem } from '../http/problem.ts';
import { done, give } from './answer.ts';
import { asRefusal, creatorOf, optionBody } from './creators.ts';
import * as fields from './fields.ts';
import { type ManageHono, type ManageParts, operation } from './operation.ts';
import { changing } from './precondition.ts';
import { optionSchema } from './schemas.ts';

const newOption = z
  .strictObject({
    label: fields.line(MOST_NAME, 'What the amount is for.', 'A coffee'),
    amountMsat: fields.fixedMsat('The fixed amount in millisatoshi, of whole satoshi, as wallets send.'),
  })
  .openapi('TipOptionCreate');

const optionEdit = z
  .strictObject({ label: fields.line(MOST_NAME, 'What the amount is for.', 'A large coffee') })
  .openapi('TipOptionChange');

const OPTIONS = '/v1/manage/creators/{handle}/options';
/** A new invoice is asked for no more often than that: each costs the node one. */
const ROTATION_MS = 60_000;

/** Tip options. They are versioned with their creator: the ETag of any of them is the creator's. */
export function optionRoutes(app: ManageHono, parts: ManageParts): void {
  const { ledger, wanted } = parts;

  /** The creator, if this is one of their options. */
  const withOption = async (handle: string, optionId: string) => {
    const creator = await creatorOf(ledger, handle);
    if (creator.options.some(({ id }) => id === optionId)) return creator;
    throw new Problem('unknown-option', `optionId: ${handle} has no such tip option.`, {
      field: 'optionId',
      value: optionId,
      expected: 'the id of one of the creator’s tip options',
    });
  };

  operation(
    app,
    parts,
    {
      method: 'post',
      path: OPTIONS,
      id: 'createOption',
      summary: 'A new tip option of a fixed amount; its invoice is there within two seconds.',
      who: 'creator',
      body: newOption,
      answer: [201, optionSchema],
    },
    async ({ params: { handle }, body, now, random }) => {
      const { node } = await creatorOf(ledger, handle);
      // The same bytes at each try: another change at the same time must not make it another option.
      const bytes = random(10);
      const option = await changing(
        'any',
        () => creatorOf(ledger, handle),
        () => addOption(ledger, handle, body, now, () => bytes),
      ).catch(asRefusal);
      await wanted(node);
      return give(optionBody(option), { status: 201 });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'patch',
      path: `${OPTIONS}/{optionId}`,
      id: 'changeOption',
      summary: 'Give a tip option another label. The amount stays, for printed codes say it.',
      who: 'creator',
      guarded: true,
      body: optionEdit,
      answer: [200, optionSchema],
      tagged: true,
    },
    async ({ params: { handle, optionId }, body: { label }, precondition }) => {
      const { options, version } = await changing(
        precondition,
        () => withOption(handle, optionId),
        (expected) => labelOption(ledger, handle, { optionId, label }, { version: expected }),
      ).catch(asRefusal);
      return give(optionBody(options.find(({ id }) => id === optionId)!), { version });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'delete',
      path: `${OPTIONS}/{optionId}`,
      id: 'deleteOption',
      summary: 'Take a tip option away. Its invoice retires; what is still paid to it is the creator’s.',
      who: 'creator',
      guarded: true,
      answer: [204],
      tagged: true,
    },
    async ({ params: { handle, optionId }, precondition, now }) => {
      const { version, node } = await changing(
        precondition,
        () => withOption(handle, optionId),
        (expected) => removeOption(ledger, handle, optionId, now, { version: expected }),
      ).catch(asRefusal);
      await wanted(node);
      return done(version);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'post',
      path: `${OPTIONS}/{optionId}/rotate`,
      id: 'rotateOption',
      summary:
        'Replace the invoice of a tip option by a new one; the old one stays payable until it expires.',
      description: 'The new one is there in a moment. Once a minute at most.',
      who: 'creator',
      answer: [202, optionSchema],
    },
    async ({ params: { handle, optionId }, now, again }) => {
      const { options, status, node } = await withOption(handle, optionId);
      if (status === 'closed') throw new Problem('refused', `handle: ${handle} is closed.`);
      const option = options.find(({ id }) => id === optionId)!;
      const { invoice } = await readCreatorWithInvoice(ledger, handle, optionId, { consistent: true });
      const readyMs = (invoice?.createdAt.getTime() ?? 0) + ROTATION_MS - now.getTime();
      if (readyMs > 0 && !again)
        throw new Problem('refused', `optionId: the invoice is younger than a minute.`, undefined, {
          'retry-after': String(Math.ceil(readyMs / 1000)),
        });
      // A second attempt that finds a young invoice finds what the first one did.
      if (invoice && readyMs <= 0)
        await requestMint(
          ledger,
          { handle, optionId, paymentAddr: invoice.paymentAddr, ...(node && { node }) },
          now,
        ).catch(asRefusal);
      await wanted(node);
      return give(optionBody(option), { status: 202 });
    },
  );
}
