"""Models as artifacts: stored so that loading them runs nothing, wherever there is such a format; a file a format."""
