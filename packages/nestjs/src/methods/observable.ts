/** Methods that return an Observable: looked up when it is subscribed to, not before. */
import { map, Observable, ReplaySubject } from 'rxjs';
import type { Subscriber, Subscription } from 'rxjs';
import { copyOf } from './copy.js';
import { AbandonedError, asResult, Collected } from './items.js';
import { isPromise } from './kind.js';
import type { Load } from './load.js';
import { UnderWay } from './under-way.js';

/** What is found, or the source: shared by all who subscribe while it is under way. */
export function cachedObservable(makeLoad: () => Load): Observable<unknown> {
  return new Observable((subscriber) => {
    try {
      subscribe(makeLoad, subscriber);
    } catch (error) {
      subscriber.error(error);
    }
  });
}

const underWay = new UnderWay<SharedSource>();

function subscribe(makeLoad: () => Load, subscriber: Subscriber<unknown>): void {
  const load = makeLoad();
  let isListening = false;
  let isAnswered = false;
  const listenTo = (source: SharedSource) => {
    isListening = true;
    source.listen(subscriber);
  };
  let begun: SharedSource | undefined;
  let isAsked = false;
  const found = load.value(() => {
    const source = (begun = new SharedSource());
    const leave = underWay.add(load.cache, load.address, source);
    // Not before it is kept, or not: who comes meanwhile finds it here.
    source.whole.then(
      () => setImmediate(leave),
      () => {
        leave();
      },
    );
    // A store that answers with promises begins later: for who waits, or behind what it is about to give.
    const listen = () => {
      if (isAnswered) source.becomeRefresh();
      else listenTo(source);
    };
    if (isAsked && load.mayRefresh) setImmediate(listen);
    else if (isAsked) listen();
    source.connect(load.run() as Observable<unknown>);
    return source.whole.then(asResult);
  });
  isAsked = true;
  if (!isPromise(found)) {
    begun?.becomeRefresh();
    emit(found as unknown[], subscriber);
    return;
  }
  if (begun !== undefined) listenTo(begun);
  if (!load.hasBegun) {
    const other = underWay.get(load.cache, load.address);
    if (other?.isOpen === true) listenTo(other);
  }
  found.then(
    (items) => {
      isAnswered = true;
      if (isListening) return;
      if (items !== undefined) emit(items as unknown[], subscriber);
      else if (begun !== undefined) listenTo(begun);
      else subscriber.add((load.run() as Observable<unknown>).subscribe(subscriber));
    },
    (error: unknown) => {
      // Those who left were not this one: it asks anew.
      const isOfOthers = error instanceof AbandonedError && !isListening && !subscriber.closed;
      if (isOfOthers) subscribe(makeLoad, subscriber);
      else subscriber.error(error);
    },
  );
}

function emit(items: readonly unknown[], subscriber: Subscriber<unknown>): void {
  for (const item of items) subscriber.next(item);
  subscriber.complete();
}

/** A source that is subscribed to once, and let go when nobody listens any longer. */
class SharedSource extends Collected {
  readonly #replay = new ReplaySubject<unknown>();
  #source: Subscription | undefined;
  #listeners = 0;

  connect(source: Observable<unknown>): void {
    this.#source = source.subscribe({
      next: (item) => {
        this.#replay.next(this.add(item));
      },
      error: (error: unknown) => {
        this.fail(error);
        this.#replay.error(error);
      },
      complete: () => {
        this.complete();
        this.#replay.complete();
      },
    });
    if (this.isAbandoned) this.#source.unsubscribe();
  }

  listen(subscriber: Subscriber<unknown>): void {
    this.#listeners++;
    const listening = this.#replay.pipe(map(copyOf)).subscribe(subscriber);
    subscriber.add(() => {
      listening.unsubscribe();
      if (--this.#listeners > 0) return;
      this.abandon();
      this.#source?.unsubscribe();
    });
  }
}
