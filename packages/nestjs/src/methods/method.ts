/** Methods and what takes their place. */
import { InvalidOptionError } from '@locmem/core';

// `any`, so that every method is one: parameters are compared the other way round.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Method = (this: any, ...args: any[]) => unknown;

/**
 * A decorator of methods of one shape. The compiler infers the shape from the method below it, and
 * with it the parameters of functions among the options.
 */
export type MethodDecoratorOf<M extends Method> = (
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** A method of a class, as a decorator meets it. */
export interface Decorated {
  /** The prototype that it stands on. */
  readonly target: object;
  readonly name: string;
  readonly original: Method;
  /** What the compiler has emitted of its return type. */
  readonly returnType: unknown;
  /** For messages, e.g. `Cities.find`. */
  readonly place: string;
}

/**
 * Puts a function in the place of a method. It looks like the method from outside, and all metadata of
 * the method, set before or later by decorators of Nest, is found on it.
 *
 * @param decorator its name, for errors
 */
export function replaceMethod<M extends Method>(
  decorator: string,
  make: (decorated: Decorated) => Method,
): MethodDecoratorOf<M> {
  return (target, name, descriptor) => {
    const original: unknown = (descriptor as TypedPropertyDescriptor<M> | undefined)?.value;
    const isInstanceMethod = typeof target !== 'function' && typeof original === 'function';
    if (!isInstanceMethod || typeof name === 'symbol') {
      const rule = 'must be a method of objects of a class, with a name that is a string';
      throw new InvalidOptionError(`@${decorator}()`, 'target', rule, name);
    }
    const decorated = {
      ...{ target, name, original: original as Method },
      returnType: Reflect.getMetadata('design:returntype', target, name) as unknown,
      place: `${target.constructor.name}.${name}`,
    };
    const replacement = make(decorated);
    Object.defineProperty(replacement, 'name', { value: name, configurable: true });
    Object.defineProperty(replacement, 'length', { value: original.length, configurable: true });
    // Metadata is looked up along the prototypes.
    Object.setPrototypeOf(replacement, original);
    descriptor.value = replacement as M;
  };
}
