import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { AppSettings } from '../app-settings.js';
import { addressOf } from './request-address.js';
import { continueAs, currentRequest } from './request-scope.js';

/**
 * Lets everybody in. It is where a handler is first known: cached methods that other guards call find
 * things under the handler's prefix and version, too.
 */
@Injectable()
export class RequestGuard implements CanActivate {
  constructor(private readonly settings: AppSettings) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = currentRequest();
    if (scope === undefined) return true;
    const address = addressOf(context, this.settings.address);
    const type: string = context.getType();
    if (type === 'http') scope.addressBy(address);
    // A message within a request, of one part of the process to another, must not carry its sender along.
    else if (type === 'graphql') {
      // One of several resolvers of the same request, each with rules of its own.
      const own = scope.child();
      own.addressBy(address);
      continueAs(own);
    }
    return true;
  }
}

/** Where nobody asks under what prefix or version, every request is spared a guard. */
export function takeAway(config: ApplicationConfig | undefined): void {
  const guards = config?.getGlobalGuards() ?? [];
  const at = guards.findIndex((guard) => guard instanceof RequestGuard);
  if (at !== -1) guards.splice(at, 1);
}

/** Nest takes the guards of the application's root module before those of what it imports. */
export function putFirst(config: ApplicationConfig | undefined): void {
  const guards = config?.getGlobalGuards() ?? [];
  const at = guards.findIndex((guard) => guard instanceof RequestGuard);
  if (at > 0) guards.unshift(...guards.splice(at, 1));
}
