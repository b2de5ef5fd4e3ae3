import { command } from '../shared/command/command.ts';

export const widgetCommands = [
  command({
    name: 'dev widget',
    words: [],
    flags: {},
    summary: 'build the widget’s files into dist/static, as they are served',
    examples: ['dev widget'],
    run: async () => (await import('./command.ts')).widget(),
  }),
];
