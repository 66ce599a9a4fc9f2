// Runs a Flamenco job type as Flamenco Manager does and prints the tasks it made as JSON.
// node compile_job.js SCRIPT SETTINGS.json   (what Flamenco's manager offers to scripts: author, path, frameChunker, …)
"use strict";
const fs = require("fs");
const nodePath = require("path");

const [script, settings] = process.argv.slice(2);
const tasks = [];
const job = {
    name: "shot", created: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)), settings: JSON.parse(settings),
    addTask: (task) => tasks.push(task),
};
const author = {
    Command: (name, parameters) => ({ name, parameters }),
    Task: (name, type) => {
        const task = { name, type, commands: [], dependencies: [] };
        Object.defineProperty(task, "addCommand", { value: (command) => task.commands.push(command) });
        Object.defineProperty(task, "addDependency", { value: (other) => task.dependencies.push(other.name) });
        return task;
    },
};
const path = {
    join: (...parts) => nodePath.posix.join(...parts),
    stem: (name) => nodePath.posix.parse(name).name,
    dirname: nodePath.posix.dirname, basename: nodePath.posix.basename,
};
const formatTimestampLocal = () => "2026-01-02_030405";

function frameChunker(ranges, size) {
    const frames = [];
    for (const part of ranges.split(",")) {
        const [first, last] = part.trim().split("-").map(Number);
        for (let frame = first; frame <= (last === undefined ? first : last); frame++) frames.push(frame);
    }
    const chunks = [];
    for (let start = 0; start < frames.length; start += size) {
        const chunk = frames.slice(start, start + size);
        chunks.push(asRanges(chunk));
    }
    return chunks;
}

// As the manager writes frames: three or more in a row as 5-8, others one by one.
function asRanges(frames) {
    const parts = [];
    for (let first = 0, last; first < frames.length; first = last + 1) {
        for (last = first; frames[last + 1] === frames[last] + 1; last++);
        if (last - first >= 2) parts.push(`${frames[first]}-${frames[last]}`);
        else parts.push(...frames.slice(first, last + 1));
    }
    return parts.join(",");
}

const made = new Function(
    "author", "path", "frameChunker", "formatTimestampLocal", "print",
    fs.readFileSync(script, "utf8") + "\nreturn { JOB_TYPE, compileJob };",
)(author, path, frameChunker, formatTimestampLocal, () => {});
made.compileJob(job);
console.log(JSON.stringify({ type: made.JOB_TYPE, tasks }));
