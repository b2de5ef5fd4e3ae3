import * as z from 'zod';
import { EVENT_VERSION } from './tipEvent.ts';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const time = z.iso.datetime({ precision: 3 });

/** The schema of an event, which docs/event.schema.json is made from. */
export const tipEventSchema = z
  .object({
    id: z
      .string()
      .regex(/^tip_settled_[0-9a-f]{64}$/)
      .meta({ description: 'The same for a tip whenever it is told of: know repeats by it.' }),
    type: z.literal('tip.settled'),
    version: z.literal(EVENT_VERSION),
    timestamp: time.meta({ description: 'When the tip was settled, in UTC.' }),
    data: z.object({
      handle: z.string().regex(/^(?=.{2,30}$)[a-z0-9]+(-[a-z0-9]+)*$/),
      sequence: z
        .string()
        .regex(/^[1-9][0-9]{0,15}$/)
        .meta({ description: 'The number of this tip among its creator’s: from 1, without a hole.' }),
      setId: hex(32).meta({
        description: 'The set id of an AMP payment, the payment hash of a BOLT11 one: the payer’s secret.',
      }),
      via: z.enum(['amp', 'bolt11']),
      tipId: z
        .string()
        .regex(/^[A-Za-z0-9_-]{22}$/)
        .meta({ description: 'The id that the public feed names the tip by.' }),
      optionId: z.string().regex(/^[a-km-np-z2-9]{10}$/),
      paymentAddr: hex(32).meta({ description: 'The payment address of the invoice that was paid.' }),
      payee: z
        .string()
        .regex(/^0[23][0-9a-f]{64}$/)
        .meta({ description: 'The public key of the node that was paid.' }),
      amountMsat: z
        .string()
        .regex(/^[1-9][0-9]{0,18}$/)
        .meta({ description: 'Millisatoshi, in decimal digits.' }),
      settledAt: time,
      shards: z.int().min(1).meta({ description: 'Into how many parts the payer split it.' }),
      message: z.string().max(1_000).optional().meta({
        description: 'What the payer wrote: any text at all, to be escaped. At most 500 characters.',
      }),
      sender: z.string().max(120).optional().meta({
        description: 'The name that the payer gave: any text at all, to be escaped. At most 60 characters.',
      }),
      belowMinimum: z
        .literal(true)
        .optional()
        .meta({ description: 'Below the minimum that the creator had set: in the events feed alone.' }),
    }),
  })
  .meta({ title: 'A tip that was settled' });

/** The same as JSON Schema (draft 2020-12). It is open: receivers take fields that they don't know. */
export const tipEventJsonSchema = () => ({
  $id: `urn:ampjar:tip.settled:${EVENT_VERSION}`,
  ...z.toJSONSchema(tipEventSchema, { io: 'input' }),
});
