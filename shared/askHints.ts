import { EventEmitter } from 'node:events';
import { HintQueue } from './hintQueue.ts';

/** Tells of asks that were just answered. For speed alone: the table is what counts. */
export type AnswerHints = EventEmitter<{ answered: [ids: readonly string[]] }>;

/** Hints at asks, and at their answers, where who asks and who answers share a process. */
export class AskHintQueue extends HintQueue {
  readonly answers: AnswerHints = new EventEmitter();

  answered(ids: readonly string[]): void {
    this.answers.emit('answered', ids);
  }
}
