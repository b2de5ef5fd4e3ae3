import { EventEmitter } from 'node:events';
import type { ReplyHints } from '../functions/lnurl/invoiceWaiter.ts';
import { WakeQueue } from '../shared/concurrency/wakeQueue.ts';

/** Hints at asks, and at their answers, where who asks and who answers share a process. */
export class WakeMessageQueue extends WakeQueue {
  readonly answers: ReplyHints = new EventEmitter();

  answered(ids: readonly string[]): void {
    this.answers.emit('answered', ids);
  }
}
