// net_frame
