import { InvalidOptionError } from '@locmem/core';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { applicationConfigOf } from './application-config.js';
import type { AppOptions } from './locmem.options.js';
import { processWide } from './process-wide.js';
import type { AddressRules } from './requests/request-address.js';
import { wantRequests } from './requests/request-scope.js';

const NAMES = ['keyPrefix', 'version', 'pages', 'front'] as const;
/** What cached methods go by in guards, too, which are called before anything that comes late. */
const SETS_APART = new Set<string>(['keyPrefix', 'version']);

/**
 * The applications that are set up, by their configuration: Nest 10 makes a module that is loaded lazily
 * an object of its own of what there should be once.
 */
const settled = processWide('settled/1', () => new WeakSet<object>());

/** What holds for the whole application, whichever registration of the module has said it. */
@Injectable()
export class AppSettings {
  #options: AppOptions = {};
  readonly #application: object;

  constructor(@Inject(ModuleRef) moduleRef: ModuleRef) {
    this.#application = applicationConfigOf(moduleRef) ?? this;
  }

  /** @throws {InvalidOptionError} when another registration has said it already, or it is too late to */
  adopt(options: AppOptions): void {
    for (const name of NAMES) {
      const value = options[name];
      if (value === undefined) continue;
      if (this.#options[name] !== undefined) {
        const rule = 'holds for the whole application, and another registration has set it already';
        throw new InvalidOptionError('LocMemModule', name, rule, value);
      }
      if (SETS_APART.has(name) && settled.has(this.#application)) {
        const rule = 'must be set before the application is set up: its guards would not go by it';
        throw new InvalidOptionError('LocMemModule', name, rule, value);
      }
      this.#options = { ...this.#options, [name]: value };
    }
    if (this.address !== undefined) wantRequests();
  }

  /** Middleware and guard are in their places, or spared: nothing can set requests apart any more. */
  settle(): void {
    settled.add(this.#application);
  }

  get address(): AddressRules | undefined {
    const { keyPrefix, version } = this.#options;
    return keyPrefix === undefined && version === undefined ? undefined : { keyPrefix, version };
  }

  get pages(): AppOptions['pages'] {
    return this.#options.pages;
  }

  get front(): boolean {
    return this.#options.front ?? false;
  }
}
