/** The console without its screen: store, followers and actions put together. Keys go in by dispatch.ts. */
import type { Clock } from "#core/model/clock.ts";
import { errorRecord } from "#core/model/error.ts";
import type { Service } from "#core/service/service.ts";
import { type Acts, createActs } from "./acts.ts";
import { followAttention } from "./attention.ts";
import { type ConsoleStore, createConsoleStore } from "./console-store.ts";
import { createIntake, type Intake } from "./intake.ts";
import { defaultKeymap, type Keymap } from "./keymap.ts";
import type { Size } from "./layout.ts";
import type { Recorder } from "./recorder.ts";
import type { Skin } from "./skin.ts";
import { createToasts, type Toasts, withHint } from "./toasts.ts";
import type { UiState } from "./ui-state.ts";
import { createView, type View } from "./view.ts";

export interface DeskOptions {
  readonly service: Service;
  readonly clock: Clock;
  readonly size: Size;
  /** What the operator had done to the screen; nothing if left out. */
  readonly ui?: UiState;
  readonly replay?: Replay | null;
  /** null: nothing can be recorded here. */
  readonly recorder?: Recorder | null;
  readonly skin: Skin;
  readonly newRequestId: () => string;
  /** Leaves the console with this exit code. */
  readonly leave: (code: number) => void;
  /** Hands the terminal to the shell until muster is brought back. */
  readonly suspend: () => void;
}

/** A playback that this console shows. */
export interface Replay {
  /** Takes a key before the console does; false: it is not for the playback. */
  press(key: string): boolean;
  /** The same of what is pasted. */
  paste(text: string): boolean;
}

export interface Desk {
  /** As it was put on last. */
  readonly skin: Skin;
  /** null: this is no playback. */
  readonly replay: Replay | null;
  /** null: nothing can be recorded here. */
  readonly recorder: Recorder | null;
  readonly service: Service;
  readonly clock: Clock;
  readonly store: ConsoleStore;
  readonly view: View;
  readonly keymap: Keymap;
  readonly toasts: Toasts;
  readonly intake: Intake;
  readonly acts: Acts;
  readonly leave: (code: number) => void;
  readonly suspend: () => void;
  /** Draws everything with other colours and signs. */
  dress(skin: Skin): void;
  /** Reads every source again, once at a time. */
  refresh(): void;
  resize(size: Size): void;
  close(): void;
}

export function createDesk(options: DeskOptions): Desk {
  const { service, clock, size, newRequestId, leave, suspend } = options;
  let { skin } = options;
  const store = createConsoleStore(service.snapshot(), size, options.ui);
  const view = createView();
  const toasts = createToasts(store, clock);
  const intake = createIntake({ store, view, service, clock, toasts });
  const acts = createActs({
    store,
    view,
    service,
    clock,
    toasts,
    intake,
    isMotionless: skin.isMotionless,
    newRequestId,
  });
  const unfollow = followAttention({ store, view, service, clock });
  const { recorder = null } = options;
  const showRecording = (isRecording: boolean) => {
    if (isRecording !== store.state().ui.isRecording) store.dispatch({ type: "recording", isRecording });
  };
  showRecording(recorder?.isRecording ?? false);
  const unrecord = recorder?.subscribe(({ isRecording, severity, text }) => {
    showRecording(isRecording);
    toasts.keep(severity, text);
  });
  intake.settle();
  let isRefreshing = false;
  const refresh = async () => {
    if (isRefreshing) return;
    isRefreshing = true;
    toasts.say("info", "reading every source again");
    try {
      await service.refresh();
      toasts.say("info", "every source was read");
    } catch (error) {
      const { message, hint } = errorRecord(error);
      toasts.say("error", withHint(`refresh: ${message}`, hint));
    } finally {
      isRefreshing = false;
      intake.now();
    }
  };
  return {
    get skin() {
      return skin;
    },
    replay: options.replay ?? null,
    recorder,
    service,
    clock,
    store,
    view,
    keymap: defaultKeymap(),
    toasts,
    intake,
    acts,
    leave,
    suspend,
    dress(next) {
      skin = next;
      store.update({});
    },
    refresh: () => void refresh(),
    resize(next) {
      recorder?.resized(next);
      store.update({ size: next });
      intake.settle();
    },
    close() {
      unfollow();
      unrecord?.();
      intake.close();
      toasts.close();
      acts.close();
    },
  };
}
