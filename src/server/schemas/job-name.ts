import { Type } from "typebox";

export const JobName = Type.String({ minLength: 1, maxLength: 255, description: "a text of 1 to 255 characters" });
