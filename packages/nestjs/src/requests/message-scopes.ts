/**
 * The scopes of messages in hybrid applications. For a microservice that is connected without
 * `inheritAppConfig: true`, Nest runs none of the application's interceptors; those that the class of a
 * handler names it does run. So such classes name one of ours, before all that their authors have named.
 */
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { methodsOf, prototypeOf } from '../discovered.js';
import { RequestInterceptor } from './request.interceptor.js';
import { areRequestsWanted } from './request-scope.js';

/** Where Nest keeps what `@UseInterceptors`, `@MessagePattern` and `@EventPattern` have said. */
const INTERCEPTORS_METADATA = '__interceptors__';
const PATTERN_METADATA = 'microservices:pattern';

/**
 * What classes with message handlers name. A class may be in several applications, which set requests apart
 * in different ways: Nest looks for what it names in the module that it stands in, and so finds the
 * application's own. One without this package has none, and messages go by.
 */
@Injectable()
class MessageScope implements NestInterceptor {
  constructor(
    @Optional() @Inject(RequestInterceptor) private readonly requests?: RequestInterceptor,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.requests?.intercept(context, next) ?? next.handle();
  }
}

@Injectable()
export class MessageScopes {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(RequestInterceptor) private readonly requests: RequestInterceptor,
  ) {}

  /**
   * For all controllers that there are by now. To be called before microservices are connected, which look
   * for interceptors at once. Where nobody asks for requests, messages are spared an interceptor.
   */
  open(): void {
    if (!areRequestsWanted()) return;
    for (const wrapper of this.discovery.getControllers()) {
      const prototype = prototypeOf(wrapper);
      if (prototype === undefined || !handlesMessages(prototype)) continue;
      // Of a class that a decorator has put a proxy in front of, Nest 10 looks at the class, later ones at the proxy.
      for (const place of [wrapper.metatype as object, prototype.constructor]) nameFirst(place);
      const module = wrapper.host!;
      // Of a class that another application has made name it, Nest has seen to it by itself.
      if (module.injectables.has(MessageScope)) continue;
      const scope = { provide: MessageScope, useValue: new MessageScope(this.requests) };
      module.addInjectable(scope, 'interceptor');
    }
  }
}

function handlesMessages(prototype: object): boolean {
  return methodsOf(prototype).some((method) => Reflect.hasMetadata(PATTERN_METADATA, method));
}

function nameFirst(place: object): void {
  const named = (Reflect.getMetadata(INTERCEPTORS_METADATA, place) ?? []) as readonly unknown[];
  if (named[0] === MessageScope) return;
  const others = named.filter((one) => one !== MessageScope);
  Reflect.defineMetadata(INTERCEPTORS_METADATA, [MessageScope, ...others], place);
}
