import { auditCommands } from './audit.ts';
import { type Command, command } from './command.ts';
import { completion, SHELLS } from './completion.ts';
import { connectorCommands } from './connector.ts';
import { connectorSetupCommands } from './connectorSetup.ts';
import { creatorCommands } from './creators.ts';
import { UsageError } from './failures.ts';
import { helpOf } from './help.ts';
import { keyCommands } from './keys.ts';
import { optionCommands } from './options.ts';
import { rotateCommands } from './rotate.ts';
import { serverSetupCommands } from './serverSetup.ts';
import { tipCommands } from './tips.ts';
import { webhookCommands } from './webhooks.ts';

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  ...creatorCommands,
  ...optionCommands,
  ...tipCommands,
  ...webhookCommands,
  ...keyCommands,
  ...rotateCommands,
  ...auditCommands,
  ...connectorCommands,
  ...connectorSetupCommands,
  ...serverSetupCommands,
  command({
    name: 'help',
    words: ['[COMMAND...]'],
    flags: {},
    summary: 'all commands, or what one does, with examples',
    examples: ['help', 'help tips list'],
    run: async ({ words }) => ({ text: helpOf(COMMANDS, words) }),
  }),
  command({
    name: 'completion',
    words: [SHELLS.join('|')],
    flags: {},
    summary: 'a script by which a shell completes commands and flags',
    examples: ['completion bash'],
    async run({ words }) {
      const shell = SHELLS.find((each) => each === words[0]);
      if (!shell) throw new UsageError(`completion: expected one of ${SHELLS.join(', ')}`);
      return { text: completion(COMMANDS, shell) };
    },
  }),
];
