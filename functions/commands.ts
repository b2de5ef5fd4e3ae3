import { command } from '../shared/command/command.ts';
import { COMMITTED } from './flags.ts';

export const committedCommands = [
  command({
    name: 'dev openapi',
    words: [],
    flags: COMMITTED,
    summary: 'write the OpenAPI documents of both APIs from their schemas',
    examples: ['dev openapi --check'],
    run: async (asked) => (await import('./openapiCommand.ts')).openapi(asked),
  }),
  command({
    name: 'dev page-scripts',
    words: [],
    flags: COMMITTED,
    summary: 'write the scripts of pages from their modules',
    examples: ['dev page-scripts --check'],
    run: async (asked) => (await import('./pageScriptsCommand.ts')).pageScripts(asked),
  }),
];
