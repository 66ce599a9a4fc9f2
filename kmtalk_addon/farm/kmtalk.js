// SPDX-License-Identifier: GPL-3.0-or-later
// A Flamenco 3 job type: animate the faces of a shot from its sounds, then render it.
// Copy this file into the `scripts` folder beside Flamenco Manager; KMTalk has to be enabled in the workers' Blender.

const JOB_TYPE = {
    label: "KMTalk: Animate and Render",
    description: "Animate every sound strip of a shot on its character, then render the frames",
    settings: [
        { key: "frames", type: "string", required: true,
          eval: "f'{C.scene.frame_start}-{C.scene.frame_end}'",
          evalInfo: { showLinkButton: true, description: "Scene frame range" },
          description: "Frames to render, as '47', '1-30' or '3, 5-10, 47-327'" },
        { key: "chunk_size", type: "int32", default: 10, visible: "submission",
          description: "Frames that one task renders" },
        { key: "pairing", type: "string", default: "name", choices: ["name", "channel", "map"],
          description: "How strips find their characters: by the names they begin with, by channel, or by a file" },
        { key: "map", type: "string", subtype: "file_path", visible: "submission",
          description: "With pairing by a file: JSON object, strip name to mesh objects" },
        { key: "settings", type: "string", default: "",
          description: "Settings of KMTalk, as 'mood=happy liveliness=1.2'" },
        { key: "render", type: "bool", default: true, visible: "submission",
          description: "Render the shot when it is animated" },
        { key: "render_output_root", type: "string", subtype: "dir_path", required: true, visible: "submission",
          description: "Folder for what this job makes" },
        { key: "output_path", type: "string", subtype: "dir_path", editable: false,
          eval: "str(Path(abspath(settings.render_output_root), jobname, '{timestamp}'))",
          description: "Where the animated file, the report and the frames of this job lie" },

        { key: "blendfile", type: "string", required: true, visible: "web",
          description: "The shot" },
    ],
};

function compileJob(job) {
    const settings = job.settings;
    const folder = settings.output_path.replace("{timestamp}", formatTimestampLocal(job.created));
    const animated = path.join(folder, path.stem(settings.blendfile) + ".kmtalk.blend");

    const animation = animate(settings, folder, animated);
    job.addTask(animation);
    if (!settings.render) {
        return;
    }
    for (const chunk of frameChunker(settings.frames, settings.chunk_size)) {
        const task = author.Task("render-" + chunk, "blender");
        task.addCommand(author.Command("blender-render", {
            exe: "{blender}",
            exeArgs: "{blenderArgs}",
            argsBefore: [],
            blendfile: animated,
            args: [
                "--render-output", path.join(folder, "######"),
                "--render-frame", chunk.replaceAll("-", ".."), // Blender writes ranges with dots
            ],
        }));
        task.addDependency(animation);
        job.addTask(task);
    }
}

// The shot stays as it is: what is animated is saved under another name, so that a task that runs again starts alike.
function animate(settings, folder, animated) {
    const args = ["--background", settings.blendfile, "--command", "kmtalk", "scene"];
    if (settings.pairing === "map") {
        if (!settings.map) {
            throw new Error("Pairing by a file needs the file: choose it, or pair by name or channel.");
        }
        args.push("--map", settings.map);
    } else {
        args.push("--by", settings.pairing);
    }
    for (const setting of settings.settings.split(/\s+/).filter(Boolean)) {
        args.push("--set", setting);
    }
    args.push("--save-as", animated, "--report", path.join(folder, "kmtalk.json"));

    const task = author.Task("animate", "blender");
    task.addCommand(author.Command("exec", { exe: "{blender}", args: args }));
    return task;
}
