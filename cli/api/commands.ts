import { creatorCommands } from './creators.ts';
import { eventCommands } from './events.ts';
import { keyCommands } from './keys.ts';
import { optionCommands } from './options.ts';
import { rotateCommands } from './rotate.ts';
import { tipCommands } from './tips.ts';
import { webhookCommands } from './webhooks.ts';

/** The commands over the API. */
export const apiCommands = [
  ...creatorCommands,
  ...optionCommands,
  ...rotateCommands,
  ...tipCommands,
  ...webhookCommands,
  ...eventCommands,
  ...keyCommands,
];
