import { command } from '../shared/command/command.ts';
import { DEPLOY } from './flags.ts';

export const deployCommands = [
  command({
    name: 'deploy',
    words: [],
    flags: DEPLOY,
    summary: 'deploy a stage of ampjar.settings.ts to AWS',
    more: 'docs/deploy.md has it step by step.',
    examples: ['deploy', 'deploy --stage test --yes'],
    run: async (asked, parts) => (await import('./deployCommand.ts')).deployStage(asked, parts),
  }),
];
