import type { Socket } from 'node:net';

/** What becomes of the bytes of one lane. */
export type LaneMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'hold' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'trickle'; readonly everyMs: number };

interface Parcel {
  /** Null is the end of the stream. */
  bytes: Buffer | null;
  readonly arrivedAt: number;
}

/** Bytes on their way from one socket to another, in one queue, so that no change of mode can turn their order. */
export class TcpLane {
  private queue: Parcel[] = [];
  private timer: NodeJS.Timeout | undefined;
  private state: 'open' | 'ended' | 'stopped' = 'open';

  constructor(
    from: Socket,
    private readonly to: Socket,
    private mode: LaneMode,
  ) {
    from.on('data', (bytes: Buffer) => this.push(bytes));
    from.on('end', () => this.pushEnd());
    // A reset has no 'end'; its error is told by the 'close' that follows.
    from.on('error', () => undefined);
    from.on('close', () => this.pushEnd());
    to.on('close', () => this.stop());
  }

  setMode(mode: LaneMode): void {
    this.mode = mode;
    this.advance();
  }

  /** Forgets what is on its way and takes nothing more. */
  stop(): void {
    this.state = 'stopped';
    this.queue = [];
    this.clearTimer();
  }

  private push(bytes: Buffer | null): void {
    if (this.state === 'stopped') return;
    this.queue.push({ bytes, arrivedAt: performance.now() });
    if (this.timer === undefined) this.advance();
  }

  private pushEnd(): void {
    if (this.state !== 'open') return;
    this.state = 'ended';
    this.push(null);
  }

  private advance(): void {
    this.clearTimer();
    switch (this.mode.kind) {
      case 'pass':
        return this.forward(this.queue.length);
      case 'delay':
        return this.forwardAfter(this.mode.ms);
      case 'hold':
        return;
      case 'drop':
        this.queue = this.queue.filter((parcel) => parcel.bytes === null);
        return;
      case 'trickle':
        return this.forwardOneByte(this.mode.everyMs);
    }
  }

  private forward(count: number): void {
    for (const { bytes } of this.queue.splice(0, count)) {
      if (bytes) this.to.write(bytes);
      else this.to.end();
    }
  }

  private forwardAfter(ms: number): void {
    const now = performance.now();
    const early = this.queue.findIndex((parcel) => parcel.arrivedAt + ms > now);
    this.forward(early < 0 ? this.queue.length : early);
    const next = this.queue[0];
    if (next) this.advanceIn(next.arrivedAt + ms - now);
  }

  private forwardOneByte(everyMs: number): void {
    const parcel = this.queue[0];
    if (!parcel) return;
    if (parcel.bytes && parcel.bytes.length > 1) {
      this.to.write(parcel.bytes.subarray(0, 1));
      parcel.bytes = parcel.bytes.subarray(1);
    } else {
      this.forward(1);
    }
    this.advanceIn(everyMs);
  }

  private advanceIn(ms: number): void {
    this.timer = setTimeout(() => this.advance(), Math.ceil(ms));
  }

  private clearTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
