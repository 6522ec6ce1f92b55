import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { finalize, map, Observable } from 'rxjs';
import { AppSettings } from '../app-settings.js';
import { addressOf } from './request-address.js';
import { areRequestsWanted, currentRequest, RequestScope, runInRequest } from './request-scope.js';
import { isAsyncIterator, ScopedEvents } from './subscriptions.js';

/**
 * Opens the scope of what comes by other ways than HTTP: messages, events, operations over a socket. Of
 * a GraphQL operation over HTTP, each resolver gets a scope of its own with the results in common. And of
 * what comes by HTTP, where the first to ask for its request was loaded after the application had begun.
 */
@Injectable()
export class RequestInterceptor implements NestInterceptor {
  constructor(private readonly settings: AppSettings) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!areRequestsWanted()) return next.handle();
    const outer = currentRequest();
    // Nest may call this more than once for a message: for the application, and for the handler's class.
    const isOpen = context.getType() === 'http' || outer?.isOf(context.getArgs()) === true;
    if (outer !== undefined && isOpen) return next.handle();
    const scope = outer?.child() ?? new RequestScope();
    scope.openFor(context.getArgs());
    const addressBy = addressOf(context, this.settings.address);
    scope.addressBy(addressBy);
    const handled = new Observable((subscriber) =>
      runInRequest(scope, () => next.handle().subscribe(subscriber)),
    );
    return handled.pipe(
      // The handler of a subscription is done when it has returned; what it has returned begins then.
      map((result) => (isAsyncIterator(result) ? new ScopedEvents(result, addressBy) : result)),
      finalize(() => {
        if (outer === undefined) scope.end();
        else scope.letGo();
      }),
    );
  }
}
