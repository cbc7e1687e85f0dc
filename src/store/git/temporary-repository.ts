import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { deflateSync, inflateSync } from "node:zlib";
import { ServiceError } from "../../errors/service-error.ts";
import type { UnusableObject } from "./git-remote.ts";
import { type GitObject, idOf, LARGEST_OBJECT, type ObjectId, type ObjectType, withHeader } from "./objects.ts";

export interface TemporaryRepositoryOptions {
  /** The folder to make the repository's folder in. */
  readonly temporary: string;
  /** The content of its git configuration. */
  readonly configuration: string;
}

/**
 * A bare repository in a temporary folder, whose files are written and read directly, without git.
 *
 * @see https://git-scm.com/docs/gitrepository-layout
 */
export class TemporaryRepository {
  readonly #options: TemporaryRepositoryOptions;
  #folder: Promise<string> | undefined;

  constructor(options: TemporaryRepositoryOptions) {
    this.#options = options;
  }

  /** Makes the repository at the first call. */
  folder(): Promise<string> {
    this.#folder ??= this.#make();
    return this.#folder;
  }

  /** Makes the repository anew if a file of it is gone: a system removes temporary files by their age, and so may a command. */
  async makeWhole(): Promise<void> {
    const made = this.#folder;
    if (made === undefined || (await isWhole(made)) || this.#folder !== made) return;
    this.#folder = this.#make();
    await removeAll(made);
  }

  /** What `git init` does, without a process and without templates. */
  #make(): Promise<string> {
    return this.#writing(async () => {
      const { temporary, configuration } = this.#options;
      await mkdir(temporary, { recursive: true });
      const folder = await mkdtemp(path.join(temporary, "cronyx-"));
      try {
        await mkdir(path.join(folder, "objects"));
        await mkdir(path.join(folder, "refs"));
        await writeFile(path.join(folder, "HEAD"), "ref: refs/heads/main\n");
        await writeFile(path.join(folder, "config"), "[core]\n\trepositoryformatversion = 0\n\tbare = true\n");
        await writeFile(configurationIn(folder), configuration);
        return folder;
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    });
  }

  async #writing<T>(write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (cause) {
      const { message } = cause as Error;
      throw new ServiceError("temporary-folder-unusable", {
        place: `The folder for temporary files, ${this.#options.temporary},`,
        // Node's message ends with the name of the call, and mostly the path.
        problem: `cannot be used (${message.replace(/, \w+( '.*)?$/s, "")})`,
        effect: "none",
        cause,
      });
    }
  }

  /** The environment in which git uses this repository, and the configuration of no user and no system. */
  async environment(): Promise<Record<string, string>> {
    const folder = await this.folder();
    return { GIT_DIR: folder, GIT_CONFIG_GLOBAL: configurationIn(folder), GIT_CONFIG_NOSYSTEM: "1" };
  }

  async refsUnder(prefix: string): Promise<string[]> {
    const names = await readdir(path.join(await this.folder(), prefix)).catch(() => []);
    return names.map((name) => prefix + name);
  }

  async tipOf(ref: string): Promise<ObjectId | null> {
    const id = await readFile(path.join(await this.folder(), ref), "utf8").catch(() => null);
    return id === null ? null : id.trim();
  }

  async removeRefs(namespace: string): Promise<void> {
    await rm(path.join(await this.folder(), namespace), { recursive: true, force: true });
  }

  /** @returns null for an object that is not there. */
  async object(id: ObjectId): Promise<GitObject | UnusableObject | null> {
    const file = await readFile(objectPath(await this.folder(), id)).catch(() => null);
    if (file === null) return null;
    const content = inflated(file);
    if (content === null) {
      const words = `the object ${id} is damaged, or of over ${LARGEST_OBJECT} bytes`;
      return { type: "unusable", code: "document-damaged", words };
    }
    const type = content.toString("latin1", 0, content.indexOf(" ")) as ObjectType;
    return { type, body: content.subarray(content.indexOf(0) + 1) };
  }

  async write(object: GitObject): Promise<void> {
    const file = objectPath(await this.folder(), idOf(object));
    await this.#writing(async () => {
      await mkdir(path.dirname(file), { recursive: true });
      // An object that git has fetched exists already, as a read-only file.
      await writeFile(file, deflateSync(withHeader(object)), { flag: "wx" }).catch(async (error) => {
        if (error.code === "EEXIST") return;
        // A part of an object would be taken for the object from then on.
        await rm(file, { force: true });
        throw error;
      });
    });
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await removeAll(this.#folder);
  }
}

async function isWhole(made: Promise<string>): Promise<boolean> {
  try {
    const folder = await made;
    const names = ["objects", "refs", "HEAD", "config"];
    await Promise.all(
      [configurationIn(folder), ...names.map((name) => path.join(folder, name))].map((file) => access(file)),
    );
    return true;
  } catch {
    return false;
  }
}

async function removeAll(made: Promise<string>): Promise<void> {
  const folder = await made.catch(() => undefined);
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

function configurationIn(folder: string): string {
  return path.join(folder, "gitconfig");
}

function objectPath(folder: string, id: ObjectId): string {
  return path.join(folder, "objects", id.slice(0, 2), id.slice(2));
}

function inflated(file: Buffer): Buffer | null {
  try {
    return inflateSync(file, { maxOutputLength: LARGEST_OBJECT });
  } catch {
    return null;
  }
}
